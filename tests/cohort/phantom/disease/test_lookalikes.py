"""What looks like emphysema lies where emphysema does not, and has the same texture."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.phantom.anatomy.lungs import make_chest
from drasclr_core.cohort.phantom.anatomy.trees import lobules
from drasclr_core.cohort.phantom.disease import lookalikes
from drasclr_core.cohort.phantom.disease.emphysema import centrilobular_holes
from drasclr_core.cohort.phantom.grid import random_stream, resample_grid
from drasclr_core.cohort.phantom.scan.motion import beat
from drasclr_core.cohort.phantom.subject.traits import draw_traits


@pytest.fixture(scope="module")
def chest():
    return make_chest(draw_traits(0), 3, 0)


def height(chest, points):
    return chest.canonical(*points.T)[2] / 268


def test_lucent_lobules_lie_low_and_centrilobular_holes_high(chest):
    traits = draw_traits(1)
    centres, _ = lobules(chest, np.random.default_rng(0))
    ill, ill_radius = centrilobular_holes(chest, traits, centres, np.random.default_rng(1))
    drawn = [lookalikes.lucent_lobules(chest, centres, np.random.default_rng(seed)) for seed in range(12)]
    alike = np.concatenate([points for points, _ in drawn])
    assert np.median(height(chest, alike)) < 0.3 < 0.5 < np.median(height(chest, ill))
    radius = np.concatenate([radii for _, radii in drawn])
    assert np.quantile(ill_radius, 0.05) < np.median(radius) < np.quantile(ill_radius, 0.95)


def test_basal_cysts_lie_low_at_the_back_in_the_stated_share(chest):
    found = [lookalikes.basal_cysts(chest, np.random.default_rng(seed))[0] for seed in range(80)]
    present = [points for points in found if len(points)]
    assert len(present) / 80 == pytest.approx(lookalikes.BASAL_CYSTS_SHARE, abs=0.1)
    points = np.concatenate(present)
    assert np.median(height(chest, points)) < 0.3
    assert np.median(chest.canonical(*points.T)[1]) < -20


def test_scars_start_at_the_apex(chest):
    tubes = [lookalikes.apical_scars(chest, np.random.default_rng(seed)) for seed in range(60)]
    start = np.concatenate([start for start, _, _ in tubes if len(start)])
    assert 0.15 < np.mean([len(start) > 0 for start, _, _ in tubes]) < 0.45
    assert height(chest, start).min() > 0.75


def test_older_people_have_more_isolated_cysts(chest):
    counts = {}
    for age in (50.0, 80.0):
        traits = replace(draw_traits(0), age=age)
        counts[age] = sum(
            len(lookalikes.isolated_cysts(chest, traits, np.random.default_rng(seed))[1]) for seed in range(60)
        )
    assert counts[80.0] > 1.5 * counts[50.0]


def test_density_of_a_patch_does_not_tell_disease_from_what_looks_like_it(phantom):
    """Voxels of early holes and of lucent lobules are equally dark; only where they lie differs."""
    dark = {"centrilobular": [], "lookalike": []}
    for index in (4, 5, 7):
        made = phantom(index=index, spacing=2.0, centrilobular=0.015)
        for name, values in dark.items():
            inner = made.truth[name]
            values.append(ndimage.uniform_filter(made.volume.array, 3)[inner])
    ill, alike = (np.concatenate(values) for values in dark.values())
    wins = (np.random.default_rng(0).choice(ill, 4000) < np.random.default_rng(1).choice(alike, 4000)).mean()
    assert 0.3 < wins < 0.7


def test_lookalikes_do_not_depend_on_the_disease_and_are_never_called_disease(phantom):
    healthy, ill = phantom(index=4), phantom(index=4, centrilobular=0.1, paraseptal=0.05)
    both = ill.truth["lookalike"] & (ill.truth["centrilobular"] | ill.truth["paraseptal"])
    assert healthy.truth["lookalike"].any() and not both.any()
    assert not (ill.truth["lookalike"] & ~healthy.truth["lookalike"]).any()


def test_the_heart_beats_only_beside_itself():
    traits = draw_traits(2)
    chest = make_chest(traits, 2, 0)
    axes = chest.frame.axes(4.0)
    organ = resample_grid(chest.organ, chest.frame, axes)
    before = np.where(organ < 0, 40.0, -870.0).astype(np.float32)
    after = before.copy()
    beat(after, organ, 4.0, random_stream(0, 2, 6))
    assert (after[organ > 20] == before[organ > 20]).all()
    assert np.abs(after - before)[(organ > -4) & (organ < 8)].max() > 20


def test_nodules_only_when_asked_for():
    traits = draw_traits(5)
    plain, made = simulate(traits, 5, 0, 4.0), simulate(traits, 5, 0, 4.0, nodules=12)
    assert not plain.truth["nodule_solid"].any()
    solid, glass = made.truth["nodule_solid"], made.truth["nodule_ground_glass"]
    assert solid.any() and glass.any() and not (solid & glass).any()
    assert not (solid & (made.truth["lungs"] == 0)).any()
    assert np.median(made.volume.array[solid]) > -150 > np.median(made.volume.array[glass])
    same = ~ndimage.binary_dilation(solid | glass, iterations=4)
    assert np.abs(made.volume.array - plain.volume.array)[same].max() < 60
