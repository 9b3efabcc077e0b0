"""Chapter 9, every voxel: where nothing can be shared any more, and an interval for the error of a map."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake

MAPS = 300
"""Simulated maps on which an interval is tried."""
COVERED, TOO_WIDE = 0.93, 1.6
"""What share of the maps an interval has to cover, and how many times as wide as the model solution's it may be."""


def nothing_shared(size, strides):
    first, last, layer = 0, size - 1, 0
    while first <= last:
        stride = strides[layer]
        first, last = -(-(first + 1) // stride), (last - 1) // stride
        layer += 1
    return layer


def _without_strides(size, strides):
    return nothing_shared(size, np.ones(size, int))


def _one_side(size, strides):
    first, layer = 0, 0
    while first < size:
        first, size, layer = -(-(first + 1) // strides[layer]), size // strides[layer], layer + 1
    return layer


def _layer_before(size, strides):
    return nothing_shared(size, strides) - 1


def _one_value(size, strides):
    for stride in strides[: nothing_shared(size, strides)]:
        size //= stride
    return int(size)


def _stack(random: np.random.Generator) -> tuple:
    return int(random.choice([16, 32, 48, 64])), np.append(random.choice([1, 1, 2], 6), np.ones(80, int))


def interval(size, checked, wrong):
    share = (wrong + 1) / (checked + 2)
    weight = size / size.sum()
    middle = (weight * share).sum()
    error = np.sqrt((weight**2 * share * (1 - share) / checked).sum())
    return middle - 2 * error, middle + 2 * error


def _around(size, checked, share, spread):
    weight = size / size.sum()
    middle, error = (weight * share).sum(), np.sqrt((weight**2 * share * (1 - share) / checked).sum())
    return middle - spread * error, middle + spread * error


def _no_doubt(size, checked, wrong):
    return _around(size, checked, wrong / checked, 2)


def _one_error(size, checked, wrong):
    return _around(size, checked, (wrong + 1) / (checked + 2), 1)


def _unweighted(size, checked, wrong):
    share = (wrong.sum() + 1) / (checked.sum() + 2)
    error = np.sqrt(share * (1 - share) / checked.sum())
    return share - 2 * error, share + 2 * error


def _everything(size, checked, wrong):
    return 0.0, 1.0


def _variance(size, checked, wrong):
    share, weight = (wrong + 1) / (checked + 2), size / size.sum()
    middle, variance = (weight * share).sum(), (weight**2 * share * (1 - share) / checked).sum()
    return middle - 2 * variance, middle + 2 * variance


def _voxels_not_share(size, checked, wrong):
    low, high = interval(size, checked, wrong)
    return low * size.sum(), high * size.sum()


def _map(random: np.random.Generator) -> tuple:
    """A map with three strata, from the threshold outwards: a hundred voxels of each are checked."""
    size = np.array([random.integers(800, 2000), random.integers(2000, 5000), random.integers(10_000, 40_000)])
    true = np.array([random.uniform(0.1, 0.35), random.uniform(0.01, 0.05), random.uniform(0, 0.004)])
    bad, checked = np.rint(true * size).astype(int), np.array([100, 100, 100])
    return size, checked, random.hypergeometric(bad, size - bad, checked), bad.sum() / size.sum()


def _checked_map(random: np.random.Generator) -> tuple:
    return _map(random)[:3]


def fault_of_interval(answer) -> str:
    """Returns what is wrong with an interval on simulated maps whose true error is known."""
    random, hits, wide, usual = np.random.default_rng(9), [], [], []
    for _ in range(MAPS):
        *given, truth = _map(random)
        low, high = map(float, answer(*(one.copy() for one in given)))
        if not low <= high:
            return "An interval has two ends, the lower one first."
        right = interval(*given)
        hits.append(low <= truth <= high)
        wide.append(high - low)
        usual.append(right[1] - right[0])
    if np.mean(hits) < COVERED:
        return f"Your interval holds the truth in {100 * np.mean(hits):.0f} % of {MAPS} maps; about 95 % is asked for."
    width = np.mean(wide) / np.mean(usual)
    if width > TOO_WIDE:
        return f"Your interval holds the truth, but it is {width:.1f} times as wide as it need be."
    return ""


EXERCISES = (
    Exercise(
        id="9-shared",
        right=nothing_shared,
        inputs=_stack,
        learnt="From this layer on every value hangs on where its patch ends: no two patches can share it.",
        mistakes=(
            Mistake(_without_strides, "A layer with stride 2 halves what is left, too. Yours counts single steps."),
            Mistake(_one_side, "The padding comes in from both ends of the axis. You follow one."),
            Mistake(_layer_before, "This is the last layer that still has a free value. The next one is asked for."),
            Mistake(_one_value, "This is how many values are left there. The number of the layer is asked for."),
        ),
    ),
    Exercise(
        id="9-interval",
        right=interval,
        inputs=_checked_map,
        fault=fault_of_interval,
        learnt="A map that says how wrong it may be, and is right about it, needs no trust.",
        mistakes=(
            Mistake(
                _no_doubt,
                "Where none of a hundred was wrong, yours is sure that none of forty thousand is. What would "
                "one more checked voxel of each kind say?",
            ),
            Mistake(_one_error, "One standard error to each side covers two thirds. Take two."),
            Mistake(
                _unweighted,
                "You pool what was checked, but voxels near the threshold were checked far more densely. Weigh each "
                "stratum by its size.",
            ),
            Mistake(_everything, "Always right, and of no use: an interval should also be short."),
            Mistake(_variance, "These are variances: the standard error is their root."),
            Mistake(_voxels_not_share, "You return numbers of voxels. The share of all voxels is asked for."),
        ),
    ),
)
