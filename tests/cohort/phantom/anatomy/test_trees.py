import numpy as np

from drasclr_core.cohort.phantom.anatomy.airways import bronchial_tree, lumen_radius, make_airways, wall_measures
from drasclr_core.cohort.phantom.anatomy.lungs import make_chest
from drasclr_core.cohort.phantom.anatomy.trees import grow, lobules
from drasclr_core.cohort.phantom.anatomy.vessels import make_arteries
from drasclr_core.cohort.phantom.grid import random_stream
from drasclr_core.cohort.phantom.subject.traits import draw_traits


def test_every_target_is_reached_once():
    rng = np.random.default_rng(0)
    targets, group = rng.uniform(0, 100, (300, 3)), rng.integers(0, 2, 300)
    tree = grow(np.array([[0.0, 50, 50], [100.0, 50, 50]]), targets, group, rng)
    leaves = tree.end[tree.leaves == 1]
    assert len(leaves) == 300
    np.testing.assert_allclose(np.sort(leaves, axis=0), np.sort(targets, axis=0))


def test_branches_are_connected_and_feed_what_their_children_feed():
    rng = np.random.default_rng(1)
    tree = grow(np.zeros((1, 3)), rng.uniform(0, 100, (77, 3)), np.zeros(77, int), rng)
    child = tree.parent >= 0
    np.testing.assert_allclose(tree.start[child], tree.end[tree.parent[child]])
    fed = np.bincount(tree.parent[child], tree.leaves[child], minlength=len(tree.leaves))
    np.testing.assert_array_equal(fed[tree.leaves > 1], tree.leaves[tree.leaves > 1])


def test_airways_taper_and_thicken():
    chest = make_chest(draw_traits(2), 2, 0)
    centres, lobe = lobules(chest, random_stream(0, 2, 50))
    assert set(lobe) == {1, 2, 3, 4, 5} and len(centres) > 400
    tree = bronchial_tree(chest, centres, lobe, random_stream(0, 2, 51))
    thin, thick = (make_airways(chest, tree, t, random_stream(0, 2, 52)) for t in (0.0, 1.0))
    assert (thin.outer > thin.inner).all() and thin.segmental.sum() >= 10
    normal, ill = wall_measures(thin), wall_measures(thick)
    assert 52 < normal["wall_area_pct"] < 61 and 60 < ill["wall_area_pct"] < 72
    assert 2.5 < normal["pi10"] < ill["pi10"] < 5
    assert lumen_radius(350, 1.0) > lumen_radius(90, 1.0) > lumen_radius(10, 1.0)


def test_arteries_run_beside_airways():
    chest = make_chest(draw_traits(2), 2, 0)
    centres, lobe = lobules(chest, random_stream(0, 2, 50))
    tree = bronchial_tree(chest, centres, lobe, random_stream(0, 2, 51))
    _, end, radii = make_arteries(tree, 1.0)
    apart = np.linalg.norm(end - tree.end, axis=1)
    assert (apart[tree.leaves > 20] > lumen_radius(21, 1.0)).all() and apart.max() < 15
    np.testing.assert_allclose(apart[tree.leaves == 1], 0)
    assert (radii[:, 0] >= radii[:, 1]).all()
