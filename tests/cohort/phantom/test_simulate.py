import numpy as np
import pytest
from scipy import ndimage

from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits

SICK = {"centrilobular": 0.12, "paraseptal": 0.04, "panlobular": 0.10, "gas_trapping": 0.3, "wall_thickening": 0.6}


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def coarsen(mask):
    """2 mm voxels to the 4 mm voxels that hold them, by majority; the frame is a whole number of 4 mm cells."""
    x, y, z = (n // 2 for n in mask.shape)
    return mask.reshape(x, 2, y, 2, z, 2).mean((1, 3, 5)) > 0.5


def test_same_index_and_seed_give_the_same_bits():
    traits = draw_traits(3)
    one, two = simulate(traits, 3, 0, 4.0), simulate(traits, 3, 0, 4.0)
    np.testing.assert_array_equal(one.volume.array, two.volume.array)
    np.testing.assert_array_equal(one.volume.affine, two.volume.affine)
    assert one.measures == two.measures
    assert all(np.array_equal(one.truth[name], two.truth[name]) for name in one.truth)


def test_index_and_seed_choose_the_subject(phantom):
    affines = [phantom(index=i, seed=s).volume.affine[:3, 3] for i, s in ((5, 0), (6, 0), (5, 1))]
    assert len({tuple(a) for a in affines}) == 3


def test_same_subject_at_2_and_4_mm(phantom):
    fine, coarse = phantom(spacing=2.0, **SICK), phantom(spacing=4.0, **SICK)
    assert np.array(fine.volume.array.shape).tolist() == (2 * np.array(coarse.volume.array.shape)).tolist()
    for side in (1, 2):
        assert dice(coarsen(fine.truth["lungs"] == side), coarse.truth["lungs"] == side) > 0.97
    # Small lesions lose voxels at 4 mm, but they lie at the same places.
    for name, least in (("panlobular", 0.95), ("gas_trapping", 0.9), ("centrilobular", 0.6)):
        assert dice(coarsen(fine.truth[name]), coarse.truth[name]) > least, name
    for name, value in fine.measures.items():
        # LAA-950 falls when voxels mix air and tissue, as on real scanners.
        rel = 0.5 if name == "laa950" else 0.15
        assert coarse.measures[name] == pytest.approx(value, rel=rel, abs=0.01), name
    lungs = coarse.truth["lungs"] > 0
    mean = fine.volume.array.reshape(*np.ravel([(n, 2) for n in lungs.shape])).mean((1, 3, 5))
    assert np.corrcoef(mean[lungs], coarse.volume.array[lungs])[0, 1] > 0.85


def test_voxels_agree_with_the_affine_at_any_size(phantom):
    centre = {}
    for spacing in (2.0, 3.0, 4.0):
        made = phantom(spacing=spacing)
        voxels = np.argwhere(made.truth["lungs"] == 1).mean(0)
        centre[spacing] = made.volume.affine[:3, :3] @ voxels + made.volume.affine[:3, 3]
        assert made.volume.spacing == pytest.approx((spacing,) * 3, rel=1e-4)
    np.testing.assert_allclose(centre[3.0], centre[2.0], atol=0.5)
    np.testing.assert_allclose(centre[4.0], centre[2.0], atol=0.5)


@pytest.mark.parametrize("spacing", [0.5, 5.0])
def test_refuses_other_voxel_sizes(spacing):
    with pytest.raises(ValueError, match="1 to 4 mm"):
        simulate(draw_traits(0), 0, 0, spacing)


@pytest.mark.parametrize("litres", [3.0, 5.5, 8.0])
def test_lung_volume(phantom, litres):
    assert phantom(lung_volume_l=litres).measures["lung_volume_l"] == pytest.approx(litres, rel=0.03)


def test_two_lungs_right_at_high_x_left_smaller(phantom):
    lungs = phantom().truth["lungs"]
    right, left = lungs == 1, lungs == 2
    assert np.argwhere(right)[:, 0].mean() > np.argwhere(left)[:, 0].mean() + 20
    assert 0.6 < left.sum() / right.sum() < 1.0  # the heart takes its room from the left lung
    for side in (right, left):
        parts = np.bincount(ndimage.label(side)[0].ravel())[1:]
        assert parts.max() > 0.99 * parts.sum()


def test_tissue_densities(phantom):
    made = phantom()
    hu, truth = made.volume.array, made.truth
    inner = ndimage.binary_erosion(truth["lungs"] > 0, iterations=2) & ~truth["airways"] & ~truth["vessels"]
    assert -890 < np.median(hu[inner]) < -840
    assert hu.min() >= -1024 and hu.max() > 400  # air to bone
    np.testing.assert_array_equal(hu, np.rint(hu))
    assert 0 <= made.measures["laa950"] < 0.02
    y = np.argwhere(inner)[:, 1]
    back, front = y < np.quantile(y, 0.25), y > np.quantile(y, 0.75)
    assert 10 < np.median(hu[inner][back]) - np.median(hu[inner][front]) < 70


def test_darkness_does_not_tell_what_it_is(phantom):
    """Bronchus, hole and cyst are all near air, fissures and vessels both dense: only the place tells them apart."""
    made = phantom(spacing=2.0, **SICK)
    hu, truth = made.volume.array, made.truth
    for name in ("airways", "centrilobular", "paraseptal"):
        assert np.median(hu[truth[name]]) < -930, name
    lung = np.median(hu[truth["lungs"] > 0])
    for name in ("fissures", "vessels"):
        assert np.median(hu[truth[name]]) > lung + 40, name


def test_trapped_air_is_a_little_less_dense(phantom):
    made = phantom(gas_trapping=0.4)
    trapped, lungs = made.truth["gas_trapping"], made.truth["lungs"] > 0
    drop = np.median(made.volume.array[lungs & ~trapped]) - np.median(made.volume.array[trapped])
    assert 2 < drop < 15  # it shows on expiration
