"""Chapter 11, survival: which pairs can be compared, and concordance with weights for those that censoring hides."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def concordance(risk, days, died, G, horizon):
    right, all_pairs = 0.0, 0.0
    for i in np.flatnonzero(died & (days < horizon)):
        weight = 1 / G[i] ** 2
        for j in np.flatnonzero(days > days[i]):
            all_pairs += weight
            right += weight * (risk[i] > risk[j])
    return right / all_pairs


def _shared(risk, days, weight, first, allowed):
    pairs = weight[first, None] * allowed[first]
    return (pairs * (risk[first, None] > risk)).sum() / pairs.sum()


def _later(days):
    return days[None, :] > days[:, None]


def _unweighted(risk, days, died, G, horizon):
    return concordance(risk, days, died, np.ones(len(G)), horizon)


def _once(risk, days, died, G, horizon):
    return concordance(risk, days, died, np.sqrt(G), horizon)


def _times(risk, days, died, G, horizon):
    return concordance(risk, days, died, 1 / G, horizon)


def _censored_too(risk, days, died, G, horizon):
    return _shared(risk, days, G**-2.0, np.flatnonzero(days < horizon), _later(days))


def _no_horizon(risk, days, died, G, horizon):
    return concordance(risk, days, died, G, np.inf)


def _both_died(risk, days, died, G, horizon):
    return _shared(risk, days, G**-2.0, np.flatnonzero(died & (days < horizon)), _later(days) & died)


def _upside_down(risk, days, died, G, horizon):
    return 1 - concordance(risk, days, died, G, horizon)


def not_censored(days: np.ndarray, died: np.ndarray) -> np.ndarray:
    """Returns the Kaplan-Meier estimate of the chance not to be censored before each day (no two are alike)."""
    order = np.argsort(days)
    at_risk = len(days) - np.arange(len(days))
    stays = np.where(died[order], 1.0, 1 - 1 / at_risk)
    G = np.empty(len(days))
    G[order] = np.cumprod(np.append(1.0, stays))[:-1]
    return G


def _study(random: np.random.Generator) -> tuple:
    count = int(random.integers(25, 45))
    risk = random.normal(size=count)
    death, censored = random.exponential(np.exp(-risk)), random.exponential(1.5, count)
    days, died = 1000 * np.minimum(death, censored), death < censored
    return risk, days, died, not_censored(days, died), float(np.quantile(days, 0.75))


EXERCISES = (
    Exercise(
        id="11-pairs",
        right=6,
        tolerance=1e-3,
        learnt="Four of the ten pairs are hidden: nobody saw who of the two died first.",
        mistakes=(
            Mistake(10, "These are all pairs. Of some nobody knows who died first: who is censored may die any day."),
            Mistake(
                3,
                "A subject that is censored *later* is known to have lived longer, so it may be the second of a pair.",
            ),
            Mistake(9, "Only one pair of two censored subjects is gone. What of a death after the other was censored?"),
        ),
    ),
    Exercise(
        id="11-concordance",
        right=concordance,
        inputs=_study,
        learnt="To the last digit this is what scikit-survival computes, and what Table 3 of this book holds.",
        mistakes=(
            Mistake(_unweighted, "Every pair counts the same in yours. Weigh it by 1 / G², for those that are hidden."),
            Mistake(_once, "You weigh by 1 / G. Both of the pair had to stay uncensored so long: 1 / G²."),
            Mistake(_times, "You multiply by G². Rarely seen pairs must count more, not less: divide."),
            Mistake(_censored_too, "The first of a pair must be *seen* to die. Yours may be censored."),
            Mistake(_no_horizon, "Deaths after the horizon count in yours."),
            Mistake(_both_died, "The second of a pair need not die: it is enough that it lives longer."),
            Mistake(_upside_down, "Yours is 1 − C: who dies first should have the *higher* risk."),
        ),
    ),
)
