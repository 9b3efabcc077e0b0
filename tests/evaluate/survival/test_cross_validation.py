"""Cross-validated survival: perfect, useless and missing columns; who is tested; nothing leaks."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.statistics.resampling import numbered, resample_counts, summarise_draws
from drasclr_core.evaluate.survival.concordance import concordance, horizons, pair_weights, reachable
from drasclr_core.evaluate.survival.covariates import REFERENCE, survival_data
from drasclr_core.evaluate.survival.cross_validation import added_risk, compare_survival, survival_draws

from .deaths import subject_table


def run(count=80, effect=1.5, rows=("drasclr",), folds=4, repeats=1, change=None, **options):
    features, subjects = subject_table(count, effect)
    if change:
        features, subjects = change(features, subjects)
    return compare_survival(survival_data(subjects, {"drasclr": features}, rows), folds, repeats, **options)


@pytest.fixture(scope="module")
def result():
    return run(rows=("drasclr", "bode"), repeats=2)


def test_the_cause_of_death_is_found_and_noise_is_not(result):
    mean = result.scores.groupby("method")["value"].mean()
    assert mean["drasclr"] > 0.75
    assert abs(mean[REFERENCE] - 0.5) < 0.12
    assert abs(mean["bode"] - mean[REFERENCE]) < 0.1


def test_the_day_of_death_as_a_feature_is_perfect():
    def oracle(features, subjects):
        return features.assign(f0=-np.log(subjects["days"])), subjects.assign(died=1 * (subjects["days"] < 900))

    assert run(effect=0.0, change=oracle).scores.query("method == 'drasclr'")["value"].min() > 0.97


def test_features_of_other_subjects_give_chance():
    """The leak check: the columns are perfect, but belong to others."""

    def mix(features, subjects):
        return features.assign(sid=np.random.default_rng(3).permutation(features["sid"])), subjects

    scores = run(count=160, repeats=2, change=mix).scores
    assert abs(scores.query("method == 'drasclr'")["value"].mean() - 0.5) < 0.1


def test_a_tested_subject_does_not_influence_its_own_fold():
    before = run().predictions.query("method == 'drasclr'").set_index("sid")

    def absurd(features, subjects):
        features.loc[0, "f0"] = 60.0
        return features, subjects

    after = run(change=absurd).predictions.query("method == 'drasclr'").set_index("sid")
    mates = before.index[(before["fold"] == before.loc["S000", "fold"]) & (before.index != "S000")]
    assert after.loc[mates, "log_risk"].to_numpy() == pytest.approx(before.loc[mates, "log_risk"].to_numpy())
    assert abs(after.loc["S000", "log_risk"] - before.loc["S000", "log_risk"]) > 5


def test_constant_columns_are_the_confounders_alone():
    def flat(features, subjects):
        return features.assign(**{f"f{number}": 3.0 for number in range(4)}), subjects

    predictions = run(change=flat).predictions
    risks = [part["log_risk"].to_numpy() for _, part in predictions.groupby("method")]
    assert risks[0] == pytest.approx(risks[1])


def test_everybody_is_tested_once_in_every_run_with_deaths_spread_evenly(result):
    for (_, repeat), part in result.predictions.groupby(["method", "repeat"]):
        assert part["sid"].is_unique and len(part) == 80
        assert np.ptp(part.groupby("fold")["died"].sum()) <= 1, repeat
    assert (result.scores["n_train"] + result.scores["n_test"] == 80).all()
    assert result.predictions["survival"].between(0, 1).all()


def test_rows_are_tested_on_the_same_folds(result):
    tables = [part.drop(columns=["method", "log_risk", "survival"]) for _, part in result.predictions.groupby("method")]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(tables[0].reset_index(drop=True), table.reset_index(drop=True))


def test_the_seed_and_the_run_decide_the_folds_and_nothing_else_does(result):
    again = run()
    first = result.predictions.query("method == 'drasclr' and repeat == 0").reset_index(drop=True)
    pd.testing.assert_frame_equal(first, again.predictions.query("method == 'drasclr'").reset_index(drop=True))
    folds = [first, result.predictions.query("method == 'drasclr' and repeat == 1"), run(rows=(), seed=1).predictions]
    folds = [part.set_index("sid")["fold"].sort_index() for part in folds]
    assert all((folds[0] != other).any() for other in folds[1:])


def test_a_censored_cohort_is_refused():
    with pytest.raises(ValueError, match="0 of 80 subjects died, at least 10 deaths are needed for 4 folds"):
        run(change=lambda features, subjects: (features, subjects.assign(died=0)))


def test_added_risk_is_what_the_row_says_beyond_the_confounders(result):
    mean = result.predictions.groupby(["method", "sid"])["log_risk"].mean()
    added = added_risk(result.predictions, "drasclr")
    assert added["S005"] == pytest.approx(mean["drasclr", "S005"] - mean[REFERENCE, "S005"])
    features, _ = subject_table(80)
    assert np.corrcoef(added.sort_index(), features["f0"])[0, 1] > 0.8


def test_table_of_means_and_errors(result):
    draws = survival_draws(numbered(result.predictions), draws=60, seed=0)
    table = summarise_draws(draws).set_index(["method", "metric"])
    row = table.loc[("drasclr", "concordance at 50th")]
    folds = result.scores.query("method == 'drasclr' and metric == 'concordance at 50th'")["value"].mean()
    assert row["mean"] == pytest.approx(folds, abs=0.05)  # pairs pooled over folds, against the mean of folds
    assert row["low"] < row["mean"] < row["high"]
    assert 0.005 < row["sd"] < 0.1
    taus = horizons(*result.predictions.drop_duplicates("sid")[["days", "died"]].to_numpy().T)
    assert result.scores.query("metric == 'concordance at 50th'")["tau_days"].max() <= taus["50th"]
    assert set(result.scores["metric"]) == set(draws["metric"]) == {f"concordance at {name}" for name in taus}


def survivors(risk, days=(1, 2, 3, 4, 5, 6, 7, 8), died=(1, 1, 0, 0, 1, 1, 0, 0)):
    fold = np.tile([0, 1], 4)
    known = {"subject": np.arange(8), "days": np.array(days, float), "died": np.array(died, bool)}
    return pd.DataFrame({"method": "a", "task": "Survival", "repeat": 0, "fold": fold, **known, "log_risk": risk})


def test_pairs_of_different_folds_are_not_compared():
    """Within each fold the order is right; between folds it is absurd, and that must not matter."""
    draws = survival_draws(survivors(np.array([-1, 97, -3, 95, -5, 93, -7, 91.0])), draws=20)
    values = draws["value"].dropna()
    assert len(values) > 15 and (values == 1).all()


def test_a_draw_equals_the_estimate_on_the_drawn_subjects():
    rng = np.random.default_rng(4)
    days, died = rng.exponential(10, 60) + 1, rng.random(60) < 0.6
    part = pd.DataFrame(
        {"method": "a", "task": "Survival", "repeat": 0, "subject": range(60), "days": days, "died": died}
    )
    part = part.assign(fold=np.arange(60) % 2, log_risk=rng.normal(size=60))
    draws = survival_draws(part, draws=3).query("metric == 'concordance at 50th'").set_index("draw")["value"]
    tau, counts = horizons(days, died)["50th"], resample_counts(60, 3)
    above, below = 0.0, 0.0
    for fold in (0, 1):
        train, test = np.flatnonzero(part["fold"] != fold), np.flatnonzero(part["fold"] == fold)
        chosen = np.repeat(test, counts[1 + 2][test])
        past, here = (days[train], died[train]), (days[chosen], died[chosen])
        weight = pair_weights(here, past, reachable(tau, *past))[1].sum()
        above += weight * concordance(part["log_risk"].to_numpy()[chosen], here, past, reachable(tau, *past))
        below += weight
    assert draws[2] == pytest.approx(above / below)


def test_features_that_each_fold_trains_see_training_subjects_alone():
    """Trained features that are the same in all folds score as features that are given."""
    features, subjects = subject_table(60)
    asked = []

    def trained(training):
        asked.append(set(training))
        return features.set_index("sid")

    given = compare_survival(survival_data(subjects, {"x": features}, ["x", "x+bode"]), 3, 1)
    data = survival_data(subjects, {}, ["x", "x+bode"], trained=["x"])
    own = compare_survival(data, 3, 1, trained={"x": trained})
    pd.testing.assert_frame_equal(own.predictions, given.predictions)
    folds = own.predictions.query("method == 'x'").groupby("fold")["sid"].agg(set)
    assert asked == [set(subjects["sid"]) - tested for tested in folds] * 2
    with pytest.raises(KeyError, match="S000: no patches for 'x'"):
        compare_survival(data, 3, 1, trained={"x": lambda training: features.set_index("sid")[1:]})
