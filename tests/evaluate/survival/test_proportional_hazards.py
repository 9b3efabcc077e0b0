"""The test of proportional hazards keeps its level, sees a violation, and the remedy takes it out."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.statistics import proportional_hazard_test

from drasclr_core.evaluate.survival.proportional_hazards import (
    deaths_per_covariate,
    estimable,
    failing,
    hazard_obstacle,
    hazard_ratios,
    remedy,
)

from .deaths import simulate


def proportional(seed: int, count: int = 150) -> pd.DataFrame:
    columns, days, died = simulate(count, effect=0.7, dimensions=2, seed=seed)
    return pd.DataFrame({"score": columns[:, 0], "male": (columns[:, 1] > 0) * 1, "days": days, "died": died})


def crossing(count: int = 400) -> pd.DataFrame:
    """`treated` is dangerous in the first 300 days and harmless after."""
    rng = np.random.default_rng(0)
    treated, score = rng.integers(0, 2, count), rng.normal(size=count)
    early = 300 * rng.exponential(size=count) / (3 * treated + 0.3) * np.exp(-0.5 * score)
    late = 300 + 900 * rng.exponential(size=count) * (1 + 3 * treated) * np.exp(-0.5 * score)
    days = np.ceil(np.where(early < 300, early, late))
    died = days < 2500
    return pd.DataFrame({"treated": treated, "score": score, "days": np.minimum(days, 2500), "died": died})


def test_it_is_lifelines_on_standardised_columns():
    table = proportional(0)
    result = hazard_ratios(table).set_index("covariate")
    data = table.assign(score=(table["score"] - table["score"].mean()) / table["score"].std())
    fitter = CoxPHFitter(penalizer=0.01).fit(data, "days", "died")
    assert result["hazard_ratio"].to_dict() == pytest.approx(np.exp(fitter.params_).to_dict())
    reference = proportional_hazard_test(fitter, data, time_transform="rank").summary
    assert result["p"].to_dict() == pytest.approx(reference["p"].to_dict())
    assert result.loc["score", "hazard_ratio"] == pytest.approx(np.exp(0.7), rel=0.25)


def test_false_alarms_are_rare():
    p = np.concatenate([hazard_ratios(proportional(seed))["p"] for seed in range(10)])
    assert np.mean(p < 0.05) <= 0.2


def test_a_hazard_ratio_that_changes_is_seen_and_stratifying_takes_it_out():
    table = crossing()
    checked = hazard_ratios(table)
    assert failing(checked) == ["treated"]
    rest = remedy(table, ["treated"])
    assert rest["covariate"].tolist() == ["score"]
    assert failing(rest) == []
    assert rest["hazard_ratio"].iloc[0] == pytest.approx(np.exp(0.5), rel=0.2)


def test_a_continuous_covariate_is_stratified_by_thirds():
    rest = remedy(proportional(1), ["score"])
    assert rest["covariate"].tolist() == ["male"]


def test_what_has_no_hazard_ratio_is_taken_out():
    table = proportional(0).assign(constant=1.0)
    table["rare"] = 0
    table.loc[table.index[~table["died"]][0], "rare"] = 1
    assert list(estimable(table)) == ["score", "male", "days", "died"]


def test_what_is_refused():
    table = proportional(0, 40)
    with pytest.raises(ValueError, match="none of the 40 subjects died"):
        hazard_ratios(table.assign(died=False))
    with pytest.raises(ValueError, match="'male' is the same for all"):
        hazard_ratios(table.assign(male=1))
    with pytest.raises(ValueError, match="every covariate would be stratified"):
        remedy(table, ["score", "male"])
    table.loc[2, "score"] = np.nan
    with pytest.raises(ValueError, match="'score' has missing values"):
        hazard_ratios(table)


@pytest.mark.parametrize(
    ("deaths", "covariates", "begins"),
    [
        (12, 7, "No hazard ratios: 12 deaths for 7 covariates, 1.7 for each"),
        (34, 7, "No hazard ratios"),
        (35, 7, "Few deaths: 35 deaths for 7 covariates, 5.0 for each"),
        (69, 7, "Few deaths"),
        (70, 7, ""),
    ],
)
def test_few_deaths_for_many_covariates(deaths, covariates, begins):
    table = pd.DataFrame(np.zeros((100, covariates)), columns=[f"c{number}" for number in range(covariates)])
    table = table.assign(days=1.0, died=np.arange(100) < deaths)
    assert deaths_per_covariate(table) == pytest.approx(deaths / covariates)
    reason = hazard_obstacle(table)
    assert reason.startswith(begins) and bool(reason) == bool(begins)
