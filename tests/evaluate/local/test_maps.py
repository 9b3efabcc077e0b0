"""Components are turned towards density and told apart from place; likeness is a rank correlation of far points."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.local import Components, component_table, likeness, likeness_table, place_share
from drasclr_core.represent.local.measures import LocalMeasures

S, L = 30, 7


@pytest.fixture
def cohort():
    """Features with one direction of place, one of disease (which darkens the lung), and noise."""
    rng = np.random.default_rng(0)
    disease = rng.exponential(1, (S, L))
    features = 0.05 * rng.normal(size=(S, L, 6))
    features[..., 2] += 3 * np.linspace(-1, 1, L)
    features[..., 4] -= disease
    known = np.ones((S, L), bool)
    truth = {name: disease * 4 for name in ("centrilobular", "paraseptal", "emphysema")}
    truth["lookalike"] = rng.exponential(1, (S, L))
    lung, laa = np.ones((S, L)), 10 * disease + rng.normal(size=(S, L))
    known[0, 0], laa[0, 0] = False, np.nan
    return features, LocalMeasures(lung, laa, np.zeros((S, L, 32)), truth)


def test_components_are_of_what_place_leaves(cohort):
    features, measures = cohort
    table = component_table(Components(features, measures, np.arange(2, S), 2), features, measures, 100)
    first = table.set_index("component").loc[1]
    assert first["variance"] > 0.9, "the direction of place is gone"
    assert first["emphysema"] > 0.95 and first["laa950"] > 0.9, "it grows with LAA-950, though h falls"
    assert first["emphysema_low"] <= first["emphysema"] <= first["emphysema_high"] and abs(first["lookalike"]) < 0.25


def test_the_share_of_place(cohort):
    features, measures = cohort
    assert 0.7 < place_share(features, measures.known) < 0.9  # 4 of 5 in variance
    assert place_share(features[:, :, [2]], measures.known) > 0.99


def test_people_have_no_columns_of_truth(cohort):
    features, measures = cohort
    people = measures._replace(truth={})
    table = component_table(Components(features, people, np.arange(S), 2), features, people, 20)
    assert "emphysema" not in table and table["laa950"].notna().all()


def test_components_are_fitted_on_the_subjects_named(cohort):
    features, measures = cohort
    features[5] = 1000
    assert Components(features, measures, np.delete(np.arange(S), 5)).pca.mean_.max() < 10


def test_likeness_is_of_the_points_asked_for():
    share = np.array([0.0, 1, 2, 3, np.nan, 50])
    similarity = np.array([-1.0, 0, 0.5, 1, 1, -1])
    among = np.array([True] * 5 + [False])
    assert likeness(similarity, share, among) == pytest.approx(1)
    assert likeness(-similarity, share, among) == pytest.approx(-1)
    assert np.isnan(likeness(similarity, 0 * share, among)) and np.isnan(likeness(similarity, share, among & False))


def test_means_are_over_subjects_that_all_methods_have():
    found = pd.DataFrame({"subject": [1, 1, 2, 2, 3, 3, 4, 4], "method": ["a", "b"] * 4,
                          "correlation": [0.2, 0.1, 0.4, 0.3, 0.6, np.nan, 0.9, 0.2]})  # fmt: skip
    table = likeness_table(found, 200).set_index("method")
    assert table.loc["a", "correlation"] == pytest.approx(0.5) and table.loc["a", "subjects"] == 3
    assert 0.2 <= table.loc["a", "low"] < 0.5 < table.loc["a", "high"] <= 0.9
    assert np.isnan(likeness_table(found[found["subject"] < 3])["low"]).all()
    empty = likeness_table(found.iloc[:0])
    assert empty.empty and "correlation" in empty
