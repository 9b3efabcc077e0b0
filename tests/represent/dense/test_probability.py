"""Probability maps: heads, interpolation, refinement, and the error that the fast mode says it has."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from torch import nn

from drasclr_core.imaging.masks import dice
from drasclr_core.represent import DenseOptions, dense_features, dense_probability
from drasclr_core.represent.dense.error import decisions_by_distance, probability_error
from drasclr_core.represent.dense.field import Field
from drasclr_core.represent.dense.lattice import Lattice
from drasclr_core.represent.dense.stratified import fill_up, strata_of, stratified_mean, stratified_share


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


@pytest.mark.parametrize("exact", [False, True])
def test_the_smallest_check_is_possible(scan, make_encoder, exact):
    options = DenseOptions(stride=4, block=1, check=10, exact=exact)
    assert (dense_probability(scan, make_encoder(), head, options=options).error is None) == exact


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
    assert fast.error.p95 == pytest.approx(np.percentile(difference, 95, method="inverted_cdf"), rel=1e-3)
    assert fast.error.max == pytest.approx(difference.max(), rel=1e-3)
    wrong = (fast.mask != exact.mask)[inside].sum()
    assert fast.error.decisions == pytest.approx(wrong / inside.sum(), abs=2 / inside.sum())
    assert fast.error.dice == pytest.approx(dice(fast.mask, exact.mask), abs=0.01)
    assert sum(row.size for row in fast.error.strata) == inside.sum()
    features = dense_features(scan, make_encoder(), options=options)
    assert fast.feature_error.rms == pytest.approx(features.error.rms, rel=1e-3)

    some = dense_probability(scan, make_encoder(), head, options=replace(options, check=150, seed=1)).error
    assert some.voxels == 150
    low, high = some.mean_interval
    assert low < some.mean < high
    assert high - low < fast.error.mean
    low, high = some.decisions_interval
    assert low <= fast.error.decisions <= high
    assert some.dice_interval[0] <= fast.error.dice <= some.dice_interval[1]
    for few, all_of_it in zip(some.strata, fast.error.strata, strict=True):
        assert few.size == all_of_it.size == all_of_it.voxels >= few.voxels > 0


def test_checks_of_few_voxels_are_right_on_average(scan, make_encoder, exact):
    """Against every voxel of the same scan; the voxels that are checked do not change the map."""
    encoder, errors = make_encoder(), []
    for seed in range(16):
        fast = dense_probability(scan, encoder, head, options=DenseOptions(stride=3, block=6, check=60, seed=seed))
        errors.append(fast.error)
    wrong = (fast.mask != exact.mask)[scan.lungs > 0].mean()
    estimates = np.array([error.decisions for error in errors])
    assert len(set(estimates)) > 8
    assert abs(estimates.mean() - wrong) < 3 * estimates.std() / np.sqrt(len(errors))
    assert sum(low <= wrong <= high for low, high in (error.decisions_interval for error in errors)) >= 14


@pytest.fixture(scope="module")
def lung():
    """Fast and exact probabilities [N, 1] of many voxels, most of them far from the threshold, as in a lung."""
    rng = np.random.default_rng(0)
    exact = rng.beta(0.3, 2, (60_000, 1))
    fast = (exact + rng.standard_t(3, exact.shape) * 0.04 * np.sqrt(exact)).clip(0, 1)
    return fast, exact


def check(lung, count: int, rng):
    """The error of so many voxels, half of them drawn from all."""
    fast, exact = lung
    strata = strata_of(fast, 0.5)
    drawn = rng.choice(len(fast), count // 2, replace=False)
    rows = np.concatenate([drawn, fill_up(strata, drawn, count - len(drawn), rng)])
    return probability_error(fast[rows], exact[rows], strata[rows], np.bincount(strata), 0.5)


def test_most_voxels_are_checked_near_the_threshold(lung):
    sizes = np.bincount(strata_of(lung[0], 0.5))
    error = check(lung, 300, np.random.default_rng(0))
    assert sizes[0] < sizes[1] < 0.2 * sizes.sum() < sizes[2]
    assert [(row.nearest, row.farthest) for row in error.strata] == [(0.0, 0.1), (0.1, 0.3), (0.3, 1.0)]
    assert [row.size for row in error.strata] == sizes.tolist()
    assert error.voxels == sum(row.voxels for row in error.strata) == 300
    assert error.strata[0].voxels + error.strata[1].voxels > 150


def test_the_estimates_are_unbiased_and_their_intervals_cover_as_often_as_they_say(lung):
    """Of all voxels and within strata, over repeated checks of one map; against all of its voxels."""
    fast, exact = lung
    wrong = (fast >= 0.5) != (exact >= 0.5)
    true = {
        "mean": np.abs(fast - exact).mean(),
        "decisions": wrong.mean(),
        "dice": 1 - wrong.sum() / ((fast >= 0.5).sum() + (exact >= 0.5).sum()),
    }
    rng = np.random.default_rng(1)
    errors = [check(lung, 300, rng) for _ in range(400)]
    for name, truth in true.items():
        estimates = np.array([getattr(error, name) for error in errors])
        low, high = np.array([getattr(error, f"{name}_interval") for error in errors]).T
        assert abs(estimates.mean() - truth) < 3 * estimates.std() / np.sqrt(len(errors)), name
        covered = ((low <= truth) & (truth <= high)).mean()
        assert covered > (0.89 if name == "mean" else 0.92), name  # of a skewed mean, bootstrap intervals are short
    assert abs(np.mean([error.p95 for error in errors]) - np.percentile(np.abs(fast - exact), 95)) < 0.01
    strata = strata_of(fast, 0.5)
    for k in range(3):
        shares = [error.strata[k].wrong / error.strata[k].voxels for error in errors]
        assert np.mean(shares) == pytest.approx(wrong[strata == k].mean(), abs=3 * np.std(shares) / 20 + 1e-9)


def test_a_sample_of_all_lungs_says_less_with_as_many_voxels(lung):
    fast, exact = lung
    rng, truth = np.random.default_rng(2), ((fast >= 0.5) != (exact >= 0.5))[:, 0]
    plain = [truth[rng.choice(len(truth), 300, replace=False)].mean() for _ in range(200)]
    ours = [check(lung, 300, rng).decisions for _ in range(200)]
    assert np.std(ours) < 0.8 * np.std(plain)


def test_of_voxels_that_were_all_checked_nothing_is_left_to_guess():
    share = stratified_share([30, 70], [30, 70], [3, 7])
    assert share == pytest.approx((0.1, 0.1, 0.1))
    mean, interval = stratified_mean(np.arange(6.0), np.array([0, 0, 0, 1, 1, 1]), np.array([3, 3]))
    assert (mean, *interval) == pytest.approx((2.5, 2.5, 2.5))


def test_a_stratum_without_a_find_adds_what_it_may_hold():
    share = stratified_share([100, 900], [50, 50], [10, 0])
    only = stratified_share([100], [50], [10])
    assert share.share == pytest.approx(0.1 * only.share)
    assert share.high > 0.9 * stratified_share([900], [50], [0]).high > 0.05
    assert 0.1 * only.low == pytest.approx(share.low, abs=1e-9)


def test_filled_up_strata_hold_equally_many_or_all_they_have():
    strata = np.repeat([0, 1, 2], [4, 200, 5000])
    drawn = np.array([0, 10, 11, *range(1000, 1030)])
    added = fill_up(strata, drawn, 40, np.random.default_rng(0))
    assert len(set(added)) == 40 and not set(added) & set(drawn)
    assert np.bincount(strata[np.concatenate([drawn, added])]).tolist() == [4, 35, 34]
    assert len(fill_up(strata, drawn, 10_000, np.random.default_rng(0))) == len(strata) - len(drawn)


def test_decisions_of_several_maps_are_told_by_distance(lung):
    fast, exact = lung
    errors = [check(lung, 300, np.random.default_rng(seed)) for seed in range(4)]
    table = decisions_by_distance([errors[0].strata, *([asdict(row) for row in error.strata] for error in errors[1:])])
    assert table[["nearest", "farthest"]].to_numpy().tolist() == [[0.0, 0.1], [0.1, 0.3], [0.3, 1.0], [0.0, 1.0]]
    assert table["size"].iloc[-1] == table["size"].iloc[:-1].sum() == 4 * len(fast)
    assert table["voxels"].iloc[-1] == 1200
    assert table["share"].iloc[-1] == pytest.approx(np.mean([error.decisions for error in errors]))
    wrong, strata = ((fast >= 0.5) != (exact >= 0.5))[:, 0], strata_of(fast, 0.5)
    true = np.array([*(wrong[strata == k].mean() for k in range(3)), wrong.mean()])
    assert ((table["low"] <= true) & (true <= table["high"])).all()
    assert (np.diff(table["share"].iloc[:3]) < 0).all()
    one = errors[0].decisions_interval
    assert table["high"].iloc[-1] - table["low"].iloc[-1] < one[1] - one[0]


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
