"""Chapter 14, the capstone: a prediction that beats LAA-950 on hidden phantoms, and how sure that is."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from drasclr_core.teach.capstone import features, hidden_phantoms, laa950, open_phantoms, retrained
from drasclr_core.teach.exercise import Exercise, Mistake


def predict(patches):
    training = retrained(100)  # made once, then kept
    seen = training.phantoms

    def known(some):
        h = features(training.encoder, some, seen.locations)
        return np.column_stack([h.mean(axis=1), laa950(some)])

    readout = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 13)))
    readout.fit(known(seen.patches), seen.emphysema)
    return readout.predict(known(patches))


def by_laa950(patches):
    """Emphysema in % from LAA-950 alone, by a line that is fitted on the open phantoms."""
    seen = open_phantoms()
    line = LinearRegression().fit(laa950(seen.patches)[:, None], seen.emphysema)
    return line.predict(laa950(patches)[:, None])


def _laa_itself(patches):
    return laa950(patches)


def _everybody_alike(patches):
    return np.full(len(patches), open_phantoms().emphysema.mean())


def _fraction(patches):
    return by_laa950(patches) / 100


def _among_the_tested(patches):
    laa = laa950(patches)
    return (laa - laa.mean()) / laa.std()


def _each_landmark(patches):
    return (patches < -950).mean(axis=(2, 3, 4))


def fault_of_prediction(answer) -> str:
    """Returns what is wrong with a prediction of emphysema on the hidden phantoms."""
    hidden = hidden_phantoms()
    guess = np.asarray(answer(hidden.patches.copy()), dtype=float)
    if guess.shape != (len(hidden),):
        return f"Return one number for each phantom: the shape ({len(hidden)},), not {guess.shape}."
    if not np.isfinite(guess).all():
        return "Some of your numbers are not finite."
    alone = np.asarray(answer(hidden.patches[:16].copy()), dtype=float)
    if not np.allclose(alone, guess[:16], rtol=1e-3, atol=1e-3):
        return "What you say of a phantom depends on who else is tested (chapter 8). Fit on the open phantoms only."
    if guess.std() < 1e-6:
        return "You say the same of everybody, so R² is about 0."
    score, other = (r2_score(hidden.emphysema, said) for said in (guess, by_laa950(hidden.patches)))
    if score > other:
        return ""
    line = np.polyval(np.polyfit(guess, hidden.emphysema, 1), guess)
    if r2_score(hidden.emphysema, line) > other:
        return f"The order is right, the scale is not (R² {score:.2f}): fit a readout to the emphysema, in %."
    return (f"R² on hidden phantoms is {score:.2f}, and LAA-950 has {other:.2f}. Train longer, or let the readout see "
            "more of what you know.")  # fmt: skip


def gain_interval(truth, ours, other, rows):
    def score(guess, drawn):
        y = truth[drawn]
        error = ((y - guess[drawn]) ** 2).sum()
        return 1 - error / ((y - y.mean()) ** 2).sum()

    gains = [score(ours, drawn) - score(other, drawn) for drawn in rows]
    return np.quantile(gains, 0.025), np.quantile(gains, 0.975)


def _scores(truth, guess, rows, mean=None):
    y, error = truth[rows], (truth - guess)[rows] ** 2
    mean = y.mean(axis=1, keepdims=True) if mean is None else mean
    return 1 - error.sum(axis=1) / ((y - mean) ** 2).sum(axis=1)


def _ends(gains, low=0.025, high=0.975):
    return np.quantile(gains, low), np.quantile(gains, high)


def _not_paired(truth, ours, other, rows):
    return _ends(_scores(truth, ours, rows) - _scores(truth, other, rows[::-1]))


def _upside_down(truth, ours, other, rows):
    return _ends(_scores(truth, other, rows) - _scores(truth, ours, rows))


def _ninety(truth, ours, other, rows):
    return _ends(_scores(truth, ours, rows) - _scores(truth, other, rows), 0.05, 0.95)


def _one_mean(truth, ours, other, rows):
    return _ends(_scores(truth, ours, rows, truth.mean()) - _scores(truth, other, rows, truth.mean()))


def _ours_only(truth, ours, other, rows):
    return _ends(_scores(truth, ours, rows))


def _two_predictions(random: np.random.Generator) -> tuple:
    count = int(random.integers(40, 80))
    truth = random.normal(10, 5, count)
    ours, other = truth + random.normal(0, 2.5, count), truth + random.normal(0, 3, count)
    return truth, ours, other, random.integers(0, count, (200, count))


EXERCISES = (
    Exercise(
        id="14-beat",
        right=predict,
        inputs=lambda random: (hidden_phantoms().patches[random.permutation(64)[:8]],),
        fault=fault_of_prediction,
        learnt="On phantoms that nothing has seen, your prediction is closer to the truth than LAA-950 is.",
        mistakes=(
            Mistake(_laa_itself, "This is LAA-950 itself. The true share is asked for: fit a readout to it."),
            Mistake(_everybody_alike, "You say the same of everybody. That is what R² = 0 stands for."),
            Mistake(by_laa950, "This is as good as LAA-950, for it is LAA-950. What does the network know besides?"),
            Mistake(_fraction, "Is yours a fraction? The truth is in %."),
            Mistake(
                _among_the_tested,
                "You normalise by the tested phantoms, so each depends on the others. Fit on the open ones.",
            ),
            Mistake(_each_landmark, "You return a number for each landmark. One for each phantom is asked for."),
        ),
    ),
    Exercise(
        id="14-limits",
        right=gain_interval,
        inputs=_two_predictions,
        learnt="If 0 lies in the interval, these phantoms do not say who is better; that is a result, too.",
        mistakes=(
            Mistake(
                _not_paired, "Both predictions must be scored on the *same* drawn subjects, or chance is counted twice."
            ),
            Mistake(_upside_down, "The sign: ours minus the other."),
            Mistake(_ninety, "This is an interval of 90 %. Cut off 2.5 % on each side."),
            Mistake(_one_mean, "The R² of a draw compares with the mean of the subjects that are *drawn*."),
            Mistake(_ours_only, "This is an interval for your own R². The difference of the two is asked for."),
        ),
    ),
)
