import numpy as np

from drasclr_core.cohort.phantom.anatomy.lungs import draw_shape, make_chest
from drasclr_core.cohort.phantom.subject.traits import draw_traits


def test_shapes_keep_the_volume_and_vary_like_real_lungs():
    shapes = np.stack([draw_shape(np.random.default_rng(i)) for i in range(300)])
    np.testing.assert_allclose(np.linalg.det(shapes), 1, rtol=1e-9)
    values = np.linalg.svd(shapes, compute_uv=False)
    # The volume-free spread of the 50 inspiratory affines of copdgene_affines/affines.csv, largest over smallest.
    ratio = np.log(values[:, 0] / values[:, 2])
    assert 0.15 < np.median(ratio) < 0.45


def test_lungs_differ_in_place_and_proportion():
    chests = [make_chest(draw_traits(index), index, 0) for index in range(6)]
    sizes = np.array([chest.lung_frame.size for chest in chests])
    origins = np.array([chest.frame.origin for chest in chests])
    assert (sizes.std(0) > 5).all() and (origins.std(0) > 4).all()


def test_field_of_view_holds_the_lungs_with_a_margin():
    for index in range(6):
        chest = make_chest(draw_traits(index), index, 0)
        low = np.subtract(chest.lung_frame.origin, chest.frame.origin)
        high = chest.frame.size - chest.lung_frame.size - low
        assert (low[:2] > 12).all() and (high[:2] > 12).all() and low[2] > 0 and high[2] > 0


def test_all_five_lobes_have_plausible_shares():
    lobes = make_chest(draw_traits(4), 4, 0).lobes
    shares = np.bincount(lobes[lobes > 0], minlength=6)[1:] / (lobes > 0).sum()
    assert (shares > 0.04).all() and (shares < 0.40).all()
    assert shares[1] == shares.min()  # the middle lobe is the smallest
