"""Two lungs from a chest made of ellipsoids, whatever the voxel size, and from phantoms with a known truth."""

import numpy as np
import pytest

from drasclr_core.anatomy.lungs import LEFT, RIGHT, NoLungsError, segment_lungs
from drasclr_core.anatomy.volume import Volume
from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.traits import draw_traits

SIZE_MM = np.array([340.0, 260.0, 320.0])


def grid(spacing):
    counts = (SIZE_MM / spacing).astype(int)
    axes = [(np.arange(count) + 0.5) * spacing - size / 2 for count, size in zip(counts, SIZE_MM, strict=True)]
    return np.meshgrid(*axes, indexing="ij")


def ellipsoid(points, centre, radii):
    return sum(((p - c) / r) ** 2 for p, c, r in zip(points, centre, radii, strict=True)) < 1


def toy_chest(spacing=4.0, gap=30.0, left_lung=True, noise=20.0):
    """A body with two ellipsoid lungs `gap` mm apart, a trachea with two bronchi, a vessel, a table. HU and truth."""
    points = x, y, z = grid(spacing)
    array = np.full(x.shape, -1000.0)
    array[((x / 155) ** 2 + ((y + 5) / 105) ** 2) < 1] = 40
    array[(y < -122) & (np.abs(x) < 140)] = 100
    right = ellipsoid(points, (gap / 2 + 52, 0, -20), (52, 75, 115))
    left = ellipsoid(points, (-gap / 2 - 52, 0, -20), (52, 75, 115))
    truth = np.where(right, RIGHT, np.where(left & left_lung, LEFT, 0)).astype(np.uint8)
    array[truth > 0] = -850
    array[np.hypot(x - gap / 2 - 52, z + 20) < 4] = 40
    lumen = (np.hypot(x, y - 10) < 9) & (z > 20)
    lumen |= (np.hypot(y - 10, z - 20 + np.abs(x) * 0.8) < 7) & (np.abs(x) < gap / 2 + 10)
    wall = (np.hypot(x, y - 10) < 12) & (z > 20) & (truth == 0)
    array[wall] = 40
    array[lumen & (truth == 0)] = -1000
    array += np.random.default_rng(0).normal(0, noise, array.shape)
    affine = np.diag([spacing] * 3 + [1.0])
    return Volume(array.astype(np.float32), affine), truth


def dice(found, truth, label):
    return 2 * ((found == label) & (truth == label)).sum() / ((found == label).sum() + (truth == label).sum())


@pytest.mark.parametrize("spacing", [4.0, 3.0, 2.0])
def test_toy_chest(spacing):
    volume, truth = toy_chest(spacing)
    lungs = segment_lungs(volume)
    assert lungs.dtype == np.uint8 and set(np.unique(lungs)) == {0, RIGHT, LEFT}
    assert min(dice(lungs, truth, RIGHT), dice(lungs, truth, LEFT)) > 0.97
    x = np.indices(lungs.shape)[0]
    assert x[lungs == RIGHT].mean() > x[lungs == LEFT].mean()


def test_trachea_is_not_lung():
    volume, _ = toy_chest(2.0)
    x, y, z = grid(2.0)
    trachea = (np.hypot(x, y - 10) < 9) & (z > 40)
    assert not segment_lungs(volume)[trachea].any()


def test_lungs_that_touch_are_told_apart():
    volume, truth = toy_chest(4.0, gap=-2.0)
    lungs = segment_lungs(volume)
    assert min(dice(lungs, truth, RIGHT), dice(lungs, truth, LEFT)) > 0.95


def test_vessels_and_an_inner_mass_belong_to_the_lung():
    volume, truth = toy_chest(4.0)
    mass = ellipsoid(grid(4.0), (70, 0, -40), (25, 25, 25))
    volume.array[mass] = 50
    assert (segment_lungs(volume)[mass] == RIGHT).all()
    assert dice(segment_lungs(volume), truth, RIGHT) > 0.97


def test_stomach_gas_is_not_lung():
    """A bubble under the left lung; in one place the wall is too thin to be seen at this voxel size."""
    volume, truth = toy_chest(4.0)
    points = x, y, z = grid(4.0)
    bubble = ellipsoid(points, (-65, 10, -148), (45, 45, 12)) & (truth == 0)
    hole = (np.hypot(x + 67, y) < 6) & (np.abs(z + 134) < 4) & (truth == 0)
    volume.array[hole] = -700
    volume.array[bubble] = -985
    assert (segment_lungs(volume)[bubble] > 0).mean() < 0.1


@pytest.mark.parametrize(
    ("problem", "spoil"),
    [
        ("they reach the sides", lambda volume: Volume(volume.array[14:-14], volume.affine)),
        ("no air in the body", lambda volume: Volume(np.full_like(volume.array, 40.0), volume.affine)),
        ("no two air-filled regions", lambda volume: toy_chest(left_lung=False)[0]),
    ],
)
def test_without_two_whole_lungs_it_says_so(problem, spoil):
    with pytest.raises(NoLungsError, match=f"no whole lungs: {problem}"):
        segment_lungs(spoil(toy_chest()[0]))


@pytest.mark.parametrize("index", [0, 7])
def test_phantoms(index):
    phantom = simulate(draw_traits(index), index, spacing=4.0)
    lungs = segment_lungs(phantom.volume)
    assert min(dice(lungs, phantom.truth["lungs"], label) for label in (RIGHT, LEFT)) > 0.97
