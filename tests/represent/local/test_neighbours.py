"""Neighbours are of other subjects, known, in order; the place can be taken off; rules draw what they say."""

import numpy as np
import pytest

from drasclr_core.represent.local import (
    centred_by_place,
    draw_queries,
    draw_subjects,
    nearest_anywhere,
    nearest_at_landmark,
    query_rule,
    unit_length,
)
from drasclr_core.represent.local.measures import LocalMeasures

S, L, C = 30, 8, 5


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(S, L, C)).astype(np.float32)


@pytest.fixture
def known():
    known = np.ones((S, L), bool)
    known[3, 2] = known[4, 2] = known[:, 7] = False
    return known


@pytest.fixture
def measures(known):
    rng = np.random.default_rng(1)
    share = lambda scale: np.where(known, rng.exponential(scale, (S, L)) * (rng.random((S, L)) < 0.4), np.nan)  # noqa: E731
    truth = {"centrilobular": share(8), "paraseptal": share(4), "lookalike": share(2)}
    truth["emphysema"] = truth["centrilobular"] + truth["paraseptal"]
    laa = np.where(known, rng.uniform(0, 30, (S, L)), np.nan)
    return LocalMeasures(np.where(known, 0.8, 0.0), laa, np.zeros((S, L, 32)), truth)


def test_the_nearest_at_a_landmark_are_other_subjects_in_order(features, known):
    features[9, 2] = 3 * features[0, 2]  # the same direction
    features[3, 2] = features[0, 2]  # not known
    found = nearest_at_landmark(unit_length(features), known, np.array([0, 9]), 2, 5)
    assert found.subjects[0, 0] == 9 and found.subjects[1, 0] == 0 and (found.landmarks == 2).all()
    assert not np.isin(found.subjects, [3, 4]).any() and 0 not in found.subjects[0] and 9 not in found.subjects[1]
    assert found.similarity[0, 0] == pytest.approx(1, abs=1e-5) and (np.diff(found.similarity, axis=1) <= 0).all()


def test_anywhere_each_subject_comes_once_and_at_its_nearest_landmark(features, known):
    features[5, 6] = features[0, 1]
    features[5, 4] = features[0, 1] + 0.01
    features[8, 7] = features[0, 1]  # not known
    found = nearest_anywhere(unit_length(features), known, np.array([0]), np.array([1]), 6)
    assert (found.subjects[0, 0], found.landmarks[0, 0]) == (5, 6)
    assert len(set(found.subjects[0])) == 6 and 0 not in found.subjects[0] and 7 not in found.landmarks[0]


def test_where_there_are_too_few_the_rest_is_marked(features):
    known = np.zeros((S, L), bool)
    known[[0, 1], 0] = True
    found = nearest_at_landmark(unit_length(features), known, np.array([0]), 0, 3)
    assert found.subjects.tolist() == [[1, -1, -1]] and np.isnan(found.similarity[0, 1:]).all()


def test_centring_takes_off_the_mean_of_the_known(features, known):
    features[3, 2] = np.nan
    left = centred_by_place(features + np.arange(L)[:, None] * 100, known)
    np.testing.assert_allclose(left[known[:, 2], 2].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(left[known], centred_by_place(features, known)[known], atol=1e-4)


def test_queries_are_what_the_rule_says(measures):
    queries = draw_queries(measures, seed=4)
    assert [query.kind for query in queries] == ["centrilobular"] * 2 + ["paraseptal"] * 2 + ["healthy", "look-alike"]
    assert len({query.subject for query in queries}) == 6
    truth = {name: np.array([share[query.subject, query.landmark] for query in queries])
             for name, share in measures.truth.items()}  # fmt: skip
    for kind, rows in (("centrilobular", slice(0, 2)), ("paraseptal", slice(2, 4))):
        share = measures.truth[kind]
        assert (truth[kind][rows] >= np.percentile(share[measures.known & (share > 0)], 95)).all()
    assert truth["emphysema"][4] == truth["emphysema"][5] == truth["lookalike"][4] == 0 < truth["lookalike"][5]
    assert queries == draw_queries(measures, seed=4) != draw_queries(measures, seed=5)
    assert "5 % with the most true centrilobular" in query_rule(measures)


def test_scans_of_people_are_drawn_by_their_density(measures):
    people = measures._replace(truth={})
    queries = draw_queries(people)
    laa = np.array([people.laa950[query.subject, query.landmark] for query in queries])
    ends = np.nanpercentile(people.laa950, [5, 45, 55, 95])
    assert (
        (laa[:2] >= ends[3]).all()
        and (laa[4:] <= ends[0]).all()
        and ((laa[2:4] >= ends[1]) & (laa[2:4] <= ends[2])).all()
    )
    assert "LAA-950" in query_rule(people)


def test_a_kind_that_nobody_has_is_left_out(measures):
    measures.truth["lookalike"][:] = 0
    assert "look-alike" not in [query.kind for query in draw_queries(measures)]


def test_no_patch_is_asked_for_twice(measures):
    for name, share in measures.truth.items():
        share[:] = 0
        share[0, :2] = 50 if name in ("paraseptal", "emphysema") else 0
    for seed in range(10):
        asked = [query for query in draw_queries(measures, seed) if query.kind == "paraseptal"]
        assert {(query.subject, query.landmark) for query in asked} == {(0, 0), (0, 1)}


def test_subjects_are_drawn_from_both_ends(measures):
    extent = np.where(measures.known, measures.truth["emphysema"], 0).sum(axis=1) / np.maximum(
        measures.known.sum(axis=1), 1
    )
    ill, healthy = draw_subjects(measures, 4)
    assert (
        len(set(ill)) == 4
        and extent[ill].min() > np.percentile(extent, 60)
        and extent[healthy] < np.percentile(extent, 40)
    )
