"""Probability maps: heads, interpolation, refinement, and the error that the fast mode says it has."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from torch import nn

from drasclr_core.represent import DenseOptions, dense_features, dense_probability
from drasclr_core.represent.dense.error import probability_error
from drasclr_core.represent.dense.field import Field
from drasclr_core.represent.dense.lattice import Lattice


def head(features: np.ndarray) -> np.ndarray:
    """Half of the scan's voxels are above 0.5."""
    return 1 / (1 + np.exp(-8 * (features[:, 0] - 0.55)))


@pytest.fixture(scope="module")
def exact(scan, make_encoder):
    return dense_probability(scan, make_encoder(), head, options=DenseOptions(exact=True))


def test_exact_is_the_head_on_exact_features(scan, make_encoder, exact):
    volume, lungs = scan.volume, scan.lungs
    dense = dense_features(scan, make_encoder(), options=DenseOptions(stride=1, exact=True))
    np.testing.assert_allclose(exact.probability[tuple(dense.points.T)], head(dense.features), atol=1e-4)
    np.testing.assert_array_equal(np.isnan(exact.probability), lungs == 0)
    np.testing.assert_array_equal(exact.mask, np.nan_to_num(exact.probability) >= 0.5)
    assert 0.2 < exact.mask[lungs > 0].mean() < 0.8
    np.testing.assert_array_equal(exact.affine, volume.affine)
    assert exact.evaluations == (lungs > 0).sum()
    assert exact.error is exact.feature_error is None


def test_fast_with_stride_and_block_1_is_exact(scan, make_encoder, exact):
    fast = dense_probability(scan, make_encoder(), head, options=DenseOptions(stride=1, block=1))
    np.testing.assert_allclose(fast.probability, exact.probability, atol=1e-4)
    assert fast.error.max < 1e-4
    assert fast.feature_error.max < 1e-3


def test_between_points_it_is_interpolated_and_at_points_it_is_evaluated(scan, make_encoder):
    lungs = scan.lungs
    fast = dense_probability(scan, make_encoder(), head, options=DenseOptions(stride=2, block=2, check=0, budget=0))
    wider = scan._replace(lungs=ndimage.grey_dilation(lungs, 5))  # with the points beside the lungs
    points = dense_features(wider, make_encoder(), options=DenseOptions(stride=2, block=2, check=0))
    at = dict(zip(map(tuple, points.points), head(points.features), strict=True))
    for voxel in np.argwhere(lungs):
        low, share = voxel // 2 * 2, voxel % 2 / 2
        around = np.array(np.meshgrid(*[(0, 2) if s else (0,) for s in share])).reshape(3, -1).T
        expected = np.mean([at[tuple(low + step)] for step in around])
        assert fast.probability[tuple(voxel)] == pytest.approx(expected, abs=1e-5)


def test_refinement_brings_the_mask_nearer_within_its_budget(scan, make_encoder, exact):
    inside = scan.lungs > 0
    wrong, spent, left = {}, {}, {}
    for budget in (0, 0.5, 10):
        options = DenseOptions(stride=4, block=1, check=0, budget=budget)
        fast = dense_probability(scan, make_encoder(), head, options=options)
        wrong[budget] = (fast.mask != exact.mask)[inside].mean()
        spent[budget], left[budget] = fast.evaluations, fast.unrefined
    lattice = Lattice(scan.lungs, 4)
    assert spent[0] == len(np.unique(lattice.corners(lattice.cells(4), 4)))
    assert wrong[10] < wrong[0.5] < wrong[0]
    assert wrong[10] < 0.3 * wrong[0]
    assert left[0] > left[10] == 0
    assert spent[0] < spent[0.5] <= 1.5 * spent[0] < spent[10] <= 11 * spent[0]


def test_refined_to_the_end_it_is_exact(scan, make_encoder, exact, monkeypatch):
    monkeypatch.setattr("drasclr_core.represent.dense.field.WORTH", 0)
    options = DenseOptions(stride=6, block=1, budget=100, check=0)
    undecided = dense_probability(scan, make_encoder(), lambda h: 0.5 + (head(h) - 0.5) / 20, options=options)
    np.testing.assert_allclose(undecided.probability, 0.5 + (exact.probability - 0.5) / 20, atol=1e-5)


@pytest.mark.parametrize("budget", [0, 1.0])
def test_it_says_what_error_it_has(scan, make_encoder, exact, budget):
    inside = scan.lungs > 0
    options = DenseOptions(stride=3, block=6, budget=budget, check=10_000)
    fast = dense_probability(scan, make_encoder(), head, options=options)
    difference = np.abs(fast.probability - exact.probability)[inside]
    assert fast.error.voxels == inside.sum()
    assert fast.error.mean == pytest.approx(difference.mean(), rel=1e-3)
    assert fast.error.p95 == pytest.approx(np.percentile(difference, 95), rel=1e-3)
    assert fast.error.max == pytest.approx(difference.max(), rel=1e-3)
    assert fast.error.decisions == pytest.approx((fast.mask != exact.mask)[inside].mean(), abs=2 / inside.sum())
    features = dense_features(scan, make_encoder(), options=options)
    assert fast.feature_error.rms == pytest.approx(features.error.rms, rel=1e-3)

    some = dense_probability(scan, make_encoder(), head, options=replace(options, check=150, seed=1)).error
    assert some.voxels == 150
    low, high = some.mean_interval
    assert low < some.mean < high
    assert high - low < fast.error.mean
    low, high = some.decisions_interval
    assert low <= fast.error.decisions <= high


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, covered = np.random.default_rng(0), np.zeros(2)
    exact = rng.random((100_000, 1))
    fast = exact + rng.normal(0, 0.05, exact.shape)
    mean = np.abs(fast - exact).mean()
    other = ((fast >= 0.5) != (exact >= 0.5)).mean()
    for _ in range(200):
        chosen = rng.choice(len(exact), 200)
        error = probability_error(fast[chosen], exact[chosen], 0.5)
        for k, (truth, (low, high)) in enumerate(((mean, error.mean_interval), (other, error.decisions_interval))):
            covered[k] += low <= truth <= high
    assert (covered > 0.9 * 200).all()


class Module(nn.Module):
    """The logistic regression `model` as a network; with `rows`, of several classes."""

    def __init__(self, model):
        super().__init__()
        self.linear = nn.Linear(8, len(model.coef_))
        self.linear.weight.data = torch.tensor(model.coef_, dtype=torch.float32)
        self.linear.bias.data = torch.tensor(model.intercept_, dtype=torch.float32)

    def forward(self, h):
        logits = self.linear(h)
        return logits.sigmoid()[:, 0] if logits.shape[1] == 1 else logits.softmax(dim=1)


@pytest.mark.parametrize("classes", [2, 3])
def test_heads_of_three_kinds_agree(scan, make_encoder, classes):
    h = dense_features(scan, make_encoder(), options=DenseOptions(stride=2, check=0)).features
    labels = np.digitize(h[:, 0], np.quantile(h[:, 0], np.arange(1, classes) / classes))
    model = LogisticRegression(C=100, max_iter=1000).fit(h, labels)
    heads = {
        "classifier": model,
        "function": lambda h: model.predict_proba(h)[:, 1] if classes == 2 else model.predict_proba(h),
        "module": Module(model).eval(),
    }
    options = DenseOptions(check=20)
    maps = {name: dense_probability(scan, make_encoder(), one, options=options) for name, one in heads.items()}
    shape = scan.lungs.shape if classes == 2 else (3, *scan.lungs.shape)
    for name, result in maps.items():
        assert result.probability.shape == result.mask.shape == shape
        np.testing.assert_allclose(result.probability, maps["classifier"].probability, atol=1e-5, err_msg=name)
        assert result.error.mean == pytest.approx(maps["classifier"].error.mean, abs=1e-5)
    if classes == 3:
        np.testing.assert_allclose(maps["module"].probability.sum(axis=0)[scan.lungs > 0], 1, atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda h: h[:, 0] * 1e3, ValueError, "end it with a sigmoid or softmax"),
        (lambda h: np.full(len(h), np.nan), ValueError, "end it with a sigmoid or softmax"),
        (lambda h: np.ones(3), ValueError, "one row per feature"),
        (nn.Linear(8, 1), ValueError, r"head\.eval\(\)"),
        ("emphysema", TypeError, "not str"),
    ],
)
def test_what_is_no_head_is_refused(scan, make_encoder, wrong, error, message):
    with pytest.raises(error, match=message):
        dense_probability(scan, make_encoder(), wrong, options=DenseOptions(check=0))


def test_a_field_finds_where_a_decision_changes():
    """Without an encoder: the surface of a ball is found to the voxel, most of the box is never evaluated."""
    lungs = np.ones((40, 33, 36), np.uint8)
    lattice = Lattice(lungs, 8)
    asked, apart = [], set()

    def ball(ids, step):
        asked.extend(ids)
        apart.add(step)
        distance = np.linalg.norm(lattice.points(ids) - [20.2, 15.7, 17.4], axis=1)
        return (1 / (1 + np.exp(distance - 11)))[:, None].astype(np.float32)

    field, cells = Field(lattice, ball), lattice.cells(8)
    field.fill(cells, 8)
    everywhere = np.flatnonzero(lattice.lungs)
    found = field.values[0, everywhere] >= 0.5
    assert field.refine(cells, 8, 0.5, budget=10**6) == 0
    truth = ball(everywhere, 1)[:, 0] >= 0.5
    assert (found != truth).mean() > 0.02
    assert ((field.values[0, everywhere] >= 0.5) != truth).mean() < 1e-3
    evaluated = asked[: -len(everywhere)]
    assert len(evaluated) == len(set(evaluated)) == field.known.sum() < 0.4 * len(everywhere)
    assert apart == {8, 4, 2, 1}
