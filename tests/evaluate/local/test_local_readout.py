"""A readout finds what the features hold beyond the place, and nothing where they hold none."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.local import landmark_scores, local_readout, pooled_scores

S, L, C = 40, 6, 5


@pytest.fixture
def patches():
    """Features whose first number, less its mean at the landmark, is half of the share's variance there."""
    rng = np.random.default_rng(0)
    signal, noise = rng.normal(size=(2, S, L))
    features = rng.normal(size=(S, L, C))
    features[..., 0] = signal + 10 * np.arange(L)
    shares = 20 + 5 * np.arange(L) + signal + noise
    shares[:, 5] = 0  # nobody is ill there
    known = np.ones((S, L), bool)
    known[:5, 1] = False
    shares[:5, 1] = np.nan
    return features, shares, known


def test_it_tells_what_the_features_hold(patches):
    features, shares, known = patches
    told = local_readout(features, shares, known)
    assert (np.isfinite(told.predicted) == known).all()
    noise = np.random.default_rng(1).normal(size=features.shape)
    table = pooled_scores({"a": told, "b": local_readout(noise, shares, known)}, shares, 500, closely="a")
    one, other = table.iloc[0], table.iloc[1]
    assert 0.35 < one.r2 < 0.65 and one.low < one.r2 < one.high
    assert -0.1 < other.r2 < 0.05, "random numbers tell no more than the place"
    assert other.ahead == pytest.approx(one.r2 - other.r2) and other.ahead_low > 0 and np.isnan(one.ahead)


def test_the_place_alone_is_worth_nothing(patches):
    features, shares, known = patches
    place = np.broadcast_to(np.arange(L)[:, None], features.shape).astype(float)
    told = local_readout(place, shares, known)
    np.testing.assert_allclose(told.predicted[known], told.floor[known], atol=1e-9)
    assert pooled_scores({"a": told}, shares, 100)["r2"].item() == pytest.approx(0)


def test_no_subject_is_in_its_own_training(patches):
    features, shares, known = patches
    told = local_readout(features, shares, known)
    other, most = shares.copy(), np.nan_to_num(shares).sum(axis=1).argmax()
    other[most, 0] += 1000  # it stays the one with the most, so folds stay
    again = local_readout(features, other, known)
    same_fold = np.isclose(again.floor[:, 0], told.floor[:, 0])
    assert same_fold[most] and same_fold.sum() == S / 5
    np.testing.assert_allclose(again.predicted[same_fold], told.predicted[same_fold])


def test_each_landmark_has_its_score_or_says_that_too_few_are_ill(patches):
    features, shares, known = patches
    table = landmark_scores(local_readout(features, shares, known), shares)
    assert table["subjects"].tolist() == [S, S - 5, S, S, S, S] and table.loc[5, "ill"] == 0
    assert np.isnan(table.loc[5, "r2"]) and (table.loc[:4, "r2"] > 0.1).all()
    np.testing.assert_allclose(table.loc[:4, "r2"], 1 - table.loc[:4, "missed"] / table.loc[:4, "spread"])


def test_nobody_ill_has_no_score(patches):
    features, _, known = patches
    nothing = np.where(known, 0.0, np.nan)
    table = pooled_scores({"a": local_readout(features, nothing, known)}, nothing, 50)
    assert table["r2"].isna().all() and isinstance(table, pd.DataFrame)


def test_too_few_subjects_are_refused(patches):
    features, shares, known = (part[:6] for part in patches)
    with pytest.raises(ValueError, match="6 subjects are too few for 5 folds"):
        local_readout(features, shares, known, folds=5)
