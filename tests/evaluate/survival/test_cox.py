"""The Cox model agrees with lifelines used directly, chooses a fitting penalty, and survives odd columns."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from drasclr_core.evaluate.survival.cox import PENALTIES, fit_cox, partial_log_likelihood

from .deaths import simulate


def rng():
    return np.random.default_rng(0)


def test_it_is_lifelines_at_the_chosen_penalty():
    columns, days, died = simulate()
    cox = fit_cox([columns], days, died, rng())
    scaled = (columns - columns.mean(0)) / columns.std(0)
    table = pd.DataFrame(scaled).assign(days=days, died=died)
    reference = CoxPHFitter(penalizer=3 * cox.penalty).fit(table, "days", "died")
    assert cox.log_risk([columns]) == pytest.approx(scaled @ reference.params_.to_numpy(), abs=1e-6)
    expected = reference.predict_survival_function(table, times=[500.0]).to_numpy()[0]
    assert cox.survival([columns], 500.0) == pytest.approx(expected, abs=1e-6)


def test_partial_likelihood_is_lifelines():
    columns, days, died = simulate(60)
    table = pd.DataFrame(columns).assign(days=days + np.arange(60) / 100, died=died)  # no ties: Breslow equals Efron
    fitted = CoxPHFitter().fit(table, "days", "died")
    risks = columns @ fitted.params_.to_numpy()
    likelihoods = partial_log_likelihood(np.column_stack([risks, 0 * risks]), table["days"].to_numpy(), died)
    assert likelihoods[0] == pytest.approx(fitted.log_likelihood_, abs=1e-4)
    assert likelihoods[0] > likelihoods[1]


def test_partial_likelihood_of_ties_by_hand():
    # Two of three die on day 1: by Breslow both had all three at risk.
    likelihood = partial_log_likelihood(np.zeros((3, 1)), np.array([1.0, 1.0, 2.0]), np.array([True, True, False]))
    assert likelihood == pytest.approx([-2 * np.log(3)])


def test_penalty_is_weak_with_a_strong_effect_and_strong_without():
    columns, days, died = simulate(200, effect=2.0)
    assert fit_cox([columns], days, died, rng()).penalty <= 0.03
    noise = []
    for seed in range(5):
        columns, _, _ = simulate(60, dimensions=20, seed=seed)
        noise.append(fit_cox([columns], *simulate(60, seed=seed + 50)[1:], rng()).penalty)
    assert np.median(noise) >= PENALTIES[4]


def test_more_columns_than_deaths_are_replaced_by_components():
    columns, days, died = simulate(60, dimensions=100)
    cox = fit_cox([columns], days, died, rng())
    assert len(cox.fitter.params_) == died.sum() < 100
    block = cox.blocks[0]
    assert np.cov(block(columns).T, bias=True) == pytest.approx(np.eye(int(died.sum())), abs=1e-6)


def test_components_with_their_factors_are_ridge_on_the_columns():
    columns, days, died = simulate(60)
    wide = np.repeat(columns, 20, axis=1)
    assert died.sum() < 60
    cox = fit_cox([wide], days, died, rng())
    assert len(cox.fitter.params_) == 3  # nothing is lost: 60 columns, but only three directions
    scaled = (wide - wide.mean(0)) / wide.std(0)
    table = pd.DataFrame(scaled).assign(days=days, died=died)
    ridge = CoxPHFitter(penalizer=60 * cox.penalty).fit(table, "days", "died")
    assert cox.log_risk([wide]) == pytest.approx(scaled @ ridge.params_.to_numpy(), abs=1e-4)


def test_a_constant_column_changes_nothing():
    columns, days, died = simulate()
    plain = fit_cox([columns], days, died, rng())
    padded = fit_cox([np.column_stack([columns, np.full(len(columns), 7.0)])], days, died, rng())
    assert padded.penalty == plain.penalty
    assert padded.log_risk([np.column_stack([columns, columns[:, 0]])]) == pytest.approx(plain.log_risk([columns]))


def test_only_constant_columns_leave_everybody_at_the_same_risk():
    _, days, died = simulate(50)
    cox = fit_cox([np.ones((50, 2))], days, died, rng())
    assert (cox.log_risk([np.zeros((4, 2))]) == 0).all()
    assert np.isnan(cox.penalty)
    expected = KaplanMeierFitter().fit(days, died).predict(400.0)
    assert cox.survival([np.zeros((4, 2))], 400.0) == pytest.approx([expected] * 4)


def test_nobody_died():
    columns, days, _ = simulate(30)
    with pytest.raises(ValueError, match="none of the 30 training subjects died"):
        fit_cox([columns], days, np.zeros(30, dtype=bool), rng())


def test_one_death_and_three_subjects_give_the_strongest_penalty():
    cox = fit_cox([np.array([[0.0], [1.0], [2.0]])], np.array([3.0, 2.0, 1.0]), np.array([0, 0, 1]), rng())
    assert cox.penalty == PENALTIES[0]
    assert np.diff(cox.log_risk([np.array([[0.0], [1.0], [2.0]])])).min() > 0


def test_a_new_subject_is_scaled_as_the_training_subjects_were():
    columns, days, died = simulate()
    cox = fit_cox([columns], days, died, rng())
    alone, among = cox.log_risk([columns[:1]]), cox.log_risk([columns])[:1]
    assert alone == pytest.approx(among)


def test_a_path_that_stops_early_still_has_every_penalty():
    """scikit-survival stops where weaker penalties change nothing, as for noise of an order that is hit at once."""
    for seed in range(6):
        columns, days, died = simulate(40, effect=0.0, dimensions=5, censoring=0.3, seed=seed)
        assert fit_cox([columns], days, died, rng()).penalty in PENALTIES
