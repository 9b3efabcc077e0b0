from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.pretrain.alike import PART, dealt_alike, mean_densities
from drasclr_core.pretrain.blocks import BlockSampler
from drasclr_core.pretrain.resume import run_key
from drasclr_core.pretrain.sampling import LandmarkSampler
from drasclr_core.pretrain.setup import build_method

from .conftest import CONFIG, make_tiny

GRID = 30.0 * np.array([[x, y, z] for x in range(3) for y in range(2) for z in range(2)])


@given(subjects=st.integers(4, 60), blocks=st.integers(1, 12), seed=st.integers(0, 99), ties=st.booleans())
@settings(deadline=None, max_examples=80)
def test_a_block_is_an_arc_of_the_subjects_in_the_order_of_their_density(subjects, blocks, seed, ties):
    random = np.random.default_rng(seed)
    density = random.normal(-800, 40, subjects)
    density = density.round(-2) if ties else density
    dealt = dealt_alike(density, blocks := min(blocks, subjects), random)
    assert sorted(np.concatenate(dealt)) == list(range(subjects))
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    place = np.empty(subjects, dtype=int)
    place[np.argsort(density, kind="stable")] = np.arange(subjects)
    for block in dealt:
        steps = np.diff(np.sort(place[block]), append=np.sort(place[block])[0] + subjects)
        assert len(dealt) == 1 or (steps > 1).sum() <= 1, "an arc has one gap round the circle"


def test_any_two_who_follow_each_other_meet_in_most_deals():
    met, random = Counter(), np.random.default_rng(0)
    for _ in range(400):
        for block in dealt_alike(np.arange(32.0), 4, random):
            met.update((one, one + 1) for one in block if one + 1 in block)
    assert len(met) == 31 and min(met.values()) > 300


@pytest.mark.parametrize("kind", ["one landmark", "blocks"])
def test_both_samplers_deal_by_density_and_still_show_everything_once(kind):
    density = np.random.default_rng(3).normal(-800, 40, 24)

    def made(density):
        if kind == "blocks":
            return BlockSampler(GRID, 2, 24, 6, 4, 1, seed=1, density=density)
        return LandmarkSampler(len(GRID), 24, 6, seed=1, density=density)

    steps, others = (list(made(one).epoch(2)) for one in (density, None))
    shown = Counter((int(one), int(s)) for step in steps for one in np.atleast_1d(step[0]) for s in step.subjects)
    assert set(shown.values()) == {1} and len(shown) == 24 * len(GRID)
    spread, random_spread = (np.median([density[step.subjects].std() for step in some]) for some in (steps, others))
    assert spread < random_spread / 2
    rest = list(made(density).epoch(2, 3))
    assert [list(step.subjects) for step in rest] == [list(step.subjects) for step in steps[3:]]


def test_the_density_of_a_subject_is_the_mean_of_what_the_network_can_see():
    store, _ = make_tiny(subjects=5)
    store.patches = store.patches.copy()
    store.patches[0, 2] = 3000  # metal counts as the upper end of the window
    expected = np.clip(store.patches, -1024, 240).astype(float).mean(axis=(0, 2, 3, 4))
    np.testing.assert_allclose(mean_densities(store), expected, rtol=1e-12)
    many = make_tiny(subjects=PART + 3, landmarks=1, size=2)[0]
    np.testing.assert_allclose(mean_densities(many), many.patches.clip(-1024, 240).mean(axis=(0, 2, 3, 4)), rtol=1e-12)


def test_who_asks_for_it_gets_it_and_an_encoder_made_before_keeps_its_key():
    store, atlas = make_tiny(subjects=12)
    plain = replace(CONFIG, landmarks_per_step=2)
    asked = replace(plain, alike_density=True)
    assert "alike_density" not in plain.that_matter() and asked.that_matter()["alike_density"] is True
    assert run_key(store, atlas, "drasclr", plain) != run_key(store, atlas, "drasclr", asked)
    samplers = []
    for config in (plain, asked):
        model = build_method(DrasCLR, config, atlas)
        model.look(store)
        samplers.append(model.sampler(12, 1))
    assert samplers[0].density is None
    np.testing.assert_array_equal(samplers[1].density, mean_densities(store))
    assert samplers[0].steps(0) == samplers[1].steps(0)
