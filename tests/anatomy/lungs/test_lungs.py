"""Two lungs from a chest made of ellipsoids, whatever the voxel size, and from phantoms with a known truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from drasclr_core.anatomy.lungs import LEFT, RIGHT, NoLungsError, segment_lungs
from drasclr_core.anatomy.lungs import segmentation as classical
from drasclr_core.anatomy.lungs.cavity import chest_cavity
from drasclr_core.anatomy.lungs.consolidation import add_consolidation
from drasclr_core.anatomy.lungs.gas import bowel_gas
from drasclr_core.anatomy.lungs.grids import LEFT_HU, SMOOTH_MM, enlarge, shrink, smoothing_mm
from drasclr_core.anatomy.lungs.sides import DEEPEST_MM, two_lungs
from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.imaging.masks import dice as overlap
from drasclr_core.imaging.volume import Volume

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


def two_apart_by_erosion(air, spacing):
    """Whether eroding what is air inside the body parts it into two large pieces."""
    body = ndimage.binary_fill_holes(~air)
    for depth in np.arange(0, DEEPEST_MM, spacing):
        labels, _ = ndimage.label(ndimage.distance_transform_edt(air & body) * spacing > depth)
        sizes = np.sort(np.bincount(labels.ravel())[1:])[::-1]
        if len(sizes) > 1 and sizes[1] > 0.15 * sizes[0]:
            return True
    return False


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


@pytest.mark.parametrize("spacing", [4.0, 2.0])
def test_lungs_that_meet_broadly_in_front_of_the_heart_are_cut_across_the_bridge(spacing):
    """A bridge 48 mm thick, which no erosion parts; of its voxels each lung gets those on its side."""
    volume, truth = toy_chest(spacing, gap=30.0)
    x, y, z = grid(spacing)
    bridge = (np.abs(x) < 55) & (y > 12) & (y < 60) & (np.abs(z + 30) < 60) & (truth == 0)
    volume.array[bridge] = -850
    whole = np.where(bridge, np.where(x > 0, RIGHT, LEFT), truth)
    assert not two_apart_by_erosion(volume.array < -400, spacing), "the test shows nothing"
    lungs = segment_lungs(volume)
    assert min(dice(lungs, whole, RIGHT), dice(lungs, whole, LEFT)) > 0.96
    near = bridge & (np.abs(x) < 8)
    assert (lungs == whole)[bridge & ~near].mean() > 0.94


def test_one_lung_with_a_narrow_place_is_not_cut_in_two():
    """What is small beyond the waist is no second lung; nor is what has no waist."""
    x, y, z = grid(4.0)
    points = (x, y, z)
    apart = ellipsoid(points, (60, 0, -20), (60, 75, 115))
    tail = (np.abs(y - 20) < 26) & (np.abs(z + 20) < 26) & (np.abs(x) < 110)
    for tissue in (apart, apart | tail, tail):
        with pytest.raises(NoLungsError, match="no two air-filled regions side by side"):
            two_lungs(tissue, 4.0)


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


def test_heavy_noise():
    """Noise of 150 HU in voxels of 2 mm is 75 HU in voxels of 4 mm; the airways must stay out."""
    phantom = simulate(draw_traits(0), 0, spacing=4.0)
    noise = np.random.default_rng(0).normal(0, 75, phantom.volume.array.shape)
    noisy = Volume((phantom.volume.array + noise).clip(-1024).astype(np.float32), phantom.volume.affine)
    lungs = segment_lungs(noisy)
    assert min(dice(lungs, phantom.truth["lungs"], label) for label in (RIGHT, LEFT)) > 0.96


def test_dense_pneumonia_at_the_pleura_belongs_to_the_lung(monkeypatch):
    phantom = simulate(
        draw_traits(10, arm="covid"), 10, spacing=4.0
    )  # 77 % of the lungs are ill, the breath is shallow
    truth, solid = phantom.truth["lungs"], phantom.truth["consolidation"]
    lungs = segment_lungs(phantom.volume)
    monkeypatch.setattr(classical, "add_consolidation", lambda array, labels, spacing: labels)
    before = segment_lungs(phantom.volume)
    assert min(dice(lungs, truth, label) for label in (RIGHT, LEFT)) > 0.93
    assert max(dice(before, truth, label) for label in (RIGHT, LEFT)) < 0.91
    assert (lungs[solid] > 0).mean() > 2 * (before[solid] > 0).mean()


def pit(beside_hu, elsewhere_hu=-860.0):
    """A toy chest at 4 mm with dense tissue at the right lung's side: HU, labels without it, and where it is."""
    volume, truth = toy_chest(4.0, noise=0.0)
    dense = ellipsoid(grid(4.0), (112, 0, -20), (30, 25, 30)) & (truth == RIGHT)
    labels = np.where(dense, 0, truth).astype(np.uint8)
    near = ellipsoid(grid(4.0), (112, 0, -20), (75, 70, 75))
    volume.array[labels > 0] = np.where(near, beside_hu, elsewhere_hu)[labels > 0]
    volume.array[dense] = 30
    return volume.array, labels, dense


@pytest.mark.parametrize("lung_hu", [-860.0, -650.0])
def test_tissue_beside_healthy_lung_stays_out(lung_hu):
    """At inspiration and at expiration: what counts is lung that is denser than the subject's other lung."""
    array, labels, _ = pit(lung_hu, lung_hu)
    np.testing.assert_array_equal(add_consolidation(array, labels, 4.0), labels)


def test_tissue_beside_diseased_lung_is_taken_in_but_not_what_lies_between_the_lungs():
    array, labels, dense = pit(-600.0)
    grown = add_consolidation(array, labels, 4.0)
    assert (grown[dense] == RIGHT).mean() > 0.8
    assert (grown[labels > 0] == labels[labels > 0]).all()
    _, truth = toy_chest(4.0)
    assert np.count_nonzero((grown > 0) & (truth == 0)) < 0.1 * np.count_nonzero(truth)
    assert not grown[np.abs(grid(4.0)[0]) < 6].any()


def test_ribs_show_where_the_wall_is():
    """A lung without its outer third: lungs alone enclose too little, with ribs at a known distance the whole."""
    _, truth = toy_chest(4.0)
    points = x, _, z = grid(4.0)
    whole = truth > 0
    cut = whole & ~((x > 90) & (np.abs(z + 20) < 50))
    shell = ellipsoid(points, (0, 0, -20), (136, 92, 140)) & ~ellipsoid(points, (0, 0, -20), (131, 87, 135))
    ribs = shell & (np.abs((z + 10) % 24 - 12) < 5)
    without, with_ribs = chest_cavity(cut, np.zeros_like(ribs), 4.0), chest_cavity(cut, ribs, 4.0)
    missing = [(whole & ~cavity).sum() for cavity in (without, with_ribs)]
    assert missing[1] < 0.8 * missing[0]


def test_the_surface_is_found_on_fine_voxels(monkeypatch):
    """Every heavy step on voxels twice as wide: nearly the same lungs, and far better than those wide voxels."""
    volume, truth = toy_chest(4.0)
    same = segment_lungs(volume)
    monkeypatch.setattr(classical, "WORK_MM", 8.0)
    quick = segment_lungs(volume)
    for label in (RIGHT, LEFT):
        assert overlap(quick == label, same == label) > 0.98
        assert dice(quick, truth, label) > 0.97
    monkeypatch.setattr(classical, "_on_fine_voxels", lambda array, lungs, tissue, factor, smooth: enlarge(
        lungs, factor, array.shape))  # fmt: skip
    assert dice(segment_lungs(volume), truth, RIGHT) < dice(quick, truth, RIGHT)


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(1, 9)] * 3), st.integers(1, 4))
def test_shrunk_and_enlarged(shape, factor):
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    small = shrink(array, factor)
    assert small.shape == tuple(-(-size // factor) for size in shape)
    assert array.min() - 1e-5 <= small.min() and small.max() <= array.max() + 1e-5
    assert enlarge(small, factor, shape).shape == shape
    np.testing.assert_allclose(shrink(np.full(shape, 7.0, np.float32), factor), 7.0, rtol=1e-6)


@pytest.mark.parametrize("noise", [2.0, 60.0, 150.0])
def test_smoothing_leaves_little_noise(noise):
    array = np.random.default_rng(0).normal(40, noise, (40, 40, 40)).astype(np.float32)
    sigma = smoothing_mm(array, 2.0)
    assert sigma >= SMOOTH_MM
    assert ndimage.gaussian_filter(array, sigma / 2.0).std() < 1.4 * LEFT_HU


def test_emphysema_as_dark_as_gas_is_no_gas():
    """Two lungs that are mostly at -960 HU stay; a walled bubble of gas below a lung of ordinary darkness goes."""
    tissue = np.zeros((100, 60, 80), dtype=bool)
    for side in (slice(8, 42), slice(58, 92)):
        tissue[side, 10:50, 5:75] = True
    ill = np.where(tissue, -960.0, 40.0)
    ill[:, :, 55:75] = np.where(tissue[:, :, 55:75], -850.0, 40.0)
    assert not bowel_gas(ill, tissue, -1000.0, 2.0).any()
    healthy = np.where(tissue, -850.0, 40.0)
    bubble = np.zeros_like(tissue)
    bubble[12:38, 14:46, 7:35] = True
    healthy[ndimage.binary_dilation(bubble, iterations=2)] = 40.0
    healthy[bubble] = -995.0
    air = healthy < -400
    found = bowel_gas(healthy, air, -1000.0, 2.0)
    assert found[bubble].mean() > 0.9 and not found[58:].any()
