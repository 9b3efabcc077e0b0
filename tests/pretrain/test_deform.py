"""Deformations, against slow definitions of them and against numbers measured with the authors' functions."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BPoly

from drasclr_core.pretrain.deform.boxes import union_of_boxes
from drasclr_core.pretrain.deform.cutout import cutout, draw_cutout, draw_noise, edges, swap_boxes
from drasclr_core.pretrain.deform.flips import draw_flips, flip, quarter_turns
from drasclr_core.pretrain.deform.intensity import bezier, change_intensity
from drasclr_core.pretrain.deform.paint import draw_inner, draw_outer
from drasclr_core.pretrain.deform.restoration import Restoration
from drasclr_core.pretrain.deform.shuffle import draw_shuffle, draw_windows, shuffle
from drasclr_core.pretrain.random_cubes import crop, draw_places

FIXTURES = Path(__file__).parents[1] / "fixtures"
GENESIS = json.loads((FIXTURES / "models_genesis.json").read_text())
SWIN = json.loads((FIXTURES / "swinunetr.json").read_text())
PUBLISHED = (64, 64, 32)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def share(masks):
    return masks.float().mean(dim=(1, 2, 3))


def assert_same_share(masks, measured):
    """Mean and deviation over cubes are those that were measured, up to four standard errors of the two together."""
    mean, deviation = measured
    error = deviation * (2 / len(masks)) ** 0.5
    assert share(masks).mean().item() == pytest.approx(mean, abs=4 * error)
    assert share(masks).std().item() == pytest.approx(deviation, rel=0.12)


@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    boxes=st.lists(
        st.tuples(*[st.integers(0, 5)] * 3, *[st.integers(0, 4)] * 3, st.booleans()), min_size=1, max_size=5
    ),
)
def test_boxes_are_joined_as_by_a_loop(shape, boxes):
    expected = torch.zeros(shape, dtype=torch.bool)
    for x, y, z, a, b, c, used in boxes:
        if used:
            expected[x : x + a, y : y + b, z : z + c] = True
    drawn = torch.tensor([box[:6] for box in boxes])[None]
    found = union_of_boxes(drawn[..., :3], drawn[..., 3:], torch.tensor([[box[6] for box in boxes]]), shape)
    assert torch.equal(found[0], expected)


def test_cubes_are_flipped_along_their_axes():
    cubes, flips = torch.rand(3, 4, 4, 4), torch.tensor([[0, 0, 0], [1, 0, 1], [0, 1, 0]], dtype=torch.bool)
    done = flip(cubes, flips)
    assert torch.equal(done[0], cubes[0])
    assert torch.equal(done[1], cubes[1].flip(0, 2)) and torch.equal(done[2], cubes[2].flip(1))


def test_flips_are_as_frequent_as_the_authors():
    """Each is along one axis of three, up to three times; none of them, or two along one axis, leave the cube alone."""
    flips = draw_flips(20_000, 0.4, generator())
    along = flips.float().mean(dim=0)
    torch.testing.assert_close(along, torch.full((3,), GENESIS["flip"]["flipped_along_first_axis"]), atol=0.012, rtol=0)
    assert (~flips.any(dim=1)).float().mean().item() == pytest.approx(0.6 + 0.4 * 0.4 * 0.6 / 3, abs=0.012)


@pytest.mark.parametrize("turns", range(4))
def test_turns_are_numpys_in_the_plane_of_the_second_and_third_axis(turns):
    cubes = torch.rand(2, 3, 3, 3)
    found = quarter_turns(cubes, torch.tensor([turns, 0]))
    assert np.array_equal(found[0], np.rot90(cubes[0].numpy(), turns, axes=(1, 2)))
    assert torch.equal(found[1], cubes[1])


def test_a_voxel_shows_one_of_the_last_window_over_it():
    """And no two voxels that a window decided show the same one: it is a permutation."""
    shape = (12, 10, 9)
    starts, sizes = (drawn[0] for drawn in draw_windows(1, shape, generator(3), cover=1.0))
    sources = draw_shuffle(1, shape, generator(3), cover=1.0)[0]
    last = torch.full(shape, -1)
    for number, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
        last[tuple(slice(a, a + b) for a, b in zip(start, size, strict=True))] = number
    places = torch.stack(torch.unravel_index(sources, shape), dim=1)
    last = last.flatten()
    assert (last < 0).any(), "cover this cube less, or nothing outside the windows is tested"
    assert torch.equal(sources[last < 0], torch.arange(len(sources))[last < 0])
    inside = places[last >= 0] - starts[last[last >= 0]]
    assert (inside >= 0).all() and (inside < sizes[last[last >= 0]]).all()
    for number in last.unique()[1:].tolist():
        assert len(sources[last == number].unique()) == (last == number).sum()


def test_every_order_of_a_window_comes_up_as_often():
    count, shape = 6000, (2, 2, 2)
    starts, sizes = draw_windows(count, shape, generator(), cover=0.4)
    assert starts.shape[1] == 1
    cubes = torch.arange(8.0).view(1, *shape).repeat(count, 1, 1, 1)
    shuffled = shuffle(cubes, draw_shuffle(count, shape, generator(), cover=0.4)).flatten(1)
    assert torch.equal(shuffled.sort(dim=1).values, cubes.flatten(1)), "one window keeps its values"
    moved = (shuffled != cubes.flatten(1)).float()
    voxels = sizes[:, 0].prod(dim=1)
    for size, others in ((1, 0), (2, 1 / 2), (4, 3 / 4), (8, 7 / 8)):
        assert (moved[voxels == size].sum(dim=1).mean() / size).item() == pytest.approx(others, abs=0.03)


def test_shuffling_is_that_of_the_authors_in_cubes_of_their_size():
    measured, windows = GENESIS["shuffle 64x64x32"], GENESIS["windows 64x64x32"]
    starts, sizes = draw_windows(2, PUBLISHED, generator())
    assert starts.shape[1] == windows["count"] == 10_000
    assert sizes.amin(dim=(0, 1)).tolist() == windows["least"] and sizes.amax(dim=(0, 1)).tolist() == windows["most"]
    np.testing.assert_allclose(sizes.float().mean(dim=(0, 1)), windows["mean"], atol=0.06)
    assert (starts + sizes).amax(dim=(0, 1)).tolist() == list(PUBLISHED) and starts.amin() == 0

    sources = draw_shuffle(4, PUBLISHED, generator())
    here = torch.arange(sources.shape[1])
    assert (sources != here).float().mean().item() == pytest.approx(measured["moved"][0], abs=0.012)
    shift = (
        torch.stack(torch.unravel_index(sources, PUBLISHED))
        - torch.stack(torch.unravel_index(here, PUBLISHED))[:, None]
    )
    np.testing.assert_allclose(shift.abs().float().mean(dim=(1, 2)), measured["shift"], rtol=0.03)
    assert shift.abs().amax(dim=(1, 2)).tolist() == measured["farthest"]


@pytest.mark.parametrize("size", [8, 16, 32])
def test_small_cubes_are_shuffled_too(size):
    sources = draw_shuffle(4, (size,) * 3, generator())
    assert 0.5 < (sources != torch.arange(size**3)).float().mean() < 0.8


@given(points=st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_curve_is_that_of_its_bernstein_polynomials(points):
    control = np.array([[0.0, 0.0], points[:2], points[2:], [1.0, 1.0]])
    t = np.linspace(0, 1, 33)
    expected = BPoly(control[:, None], [0.0, 1.0])(t)
    found = bezier(torch.from_numpy(control)[None], torch.from_numpy(t))[0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("example", GENESIS["bezier_examples"], ids=str)
def test_intensities_change_as_in_the_authors_code(example):
    grey = torch.linspace(0, 1, 9)[None]
    inner = torch.tensor(example["points"]).view(1, 2, 2)
    found = change_intensity(grey, inner, torch.tensor([not example["rising"]]))
    np.testing.assert_allclose(found[0], example["values"], atol=2e-4)


def test_curves_are_distributed_like_the_authors():
    draws = Restoration().draw(4000, (2, 2, 2), generator())
    grey = torch.linspace(0, 1, 5).repeat(4000, 1)
    found = change_intensity(grey, draws.points, draws.falling)
    measured = GENESIS["bezier"]
    for name, chosen in (("rising", ~draws.falling), ("falling", draws.falling)):
        np.testing.assert_allclose(found[chosen].mean(dim=0), measured[f"{name}_mean"], atol=0.02)
        np.testing.assert_allclose(found[chosen].std(dim=0), measured[f"{name}_sd"], atol=0.02)
    assert draws.falling.float().mean().item() == pytest.approx(1 - measured["rising"], abs=0.04)
    assert draws.curved.float().mean().item() == pytest.approx(0.9, abs=0.02)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**31))
def test_a_curve_never_turns(seed):
    draws = torch.rand(4, 2, 2, generator=generator(seed)).round(decimals=1)
    falling = torch.tensor([True, False, True, False])
    found = change_intensity(torch.linspace(0, 1, 101).repeat(4, 1), draws, falling)
    assert (found[falling].diff(dim=1) <= 1e-6).all() and (found[~falling].diff(dim=1) >= -1e-6).all()
    assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("shape", [PUBLISHED, (32, 32, 32)], ids=str)
@pytest.mark.parametrize(("kind", "draw"), [("in", draw_inner), ("out", draw_outer)])
def test_as_much_is_painted_as_by_the_authors(kind, draw, shape):
    assert_same_share(draw(400, shape, generator()), GENESIS[f"{kind}-painting {'x'.join(map(str, shape))}"]["share"])


@pytest.mark.parametrize("size", [8, 16])
def test_small_cubes_are_painted_too(size):
    inner, outer = draw_inner(300, (size,) * 3, generator()), draw_outer(300, (size,) * 3, generator())
    assert 0.02 < share(inner).mean() < 0.06 and 0.45 < share(outer).mean() < 0.7
    assert (share(outer) < 1).all(), "something is left of every cube"


def test_everything_happens_as_often_as_it_should():
    cubes = torch.rand(600, 8, 8, 8, generator=generator())
    draws = Restoration().draw(600, (8, 8, 8), generator())
    deformed, whole = Restoration().apply(cubes, draws)
    assert (draws.sources != torch.arange(512)).any(dim=1).float().mean().item() == pytest.approx(0.5, abs=0.07)
    painted = share(draws.painted)
    assert (painted > 0.3).float().mean().item() == pytest.approx(0.9 * 0.8, abs=0.06)
    assert ((painted > 0) & (painted <= 0.3)).float().mean().item() == pytest.approx(0.9 * 0.2 * 0.95, abs=0.05)
    assert torch.equal(whole, flip(cubes, draws.flips))
    assert torch.equal(deformed[draws.painted], draws.noise[draws.painted])
    assert deformed.min() >= 0 and deformed.max() <= 1
    untouched = Restoration(0, 0, 0, 0).apply(cubes, Restoration(0, 0, 0, 0).draw(600, (8, 8, 8), generator()))
    assert torch.equal(untouched[0], cubes) and torch.equal(untouched[1], cubes)


def test_as_much_is_cut_out_as_by_the_authors():
    assert edges(96) == (SWIN["boxes 96"]["least"], SWIN["boxes 96"]["most"])
    assert_same_share(draw_cutout(200, 32, generator()), SWIN["cutout 32"]["share"])
    noise = draw_noise(4, 32, generator())
    np.testing.assert_allclose([noise.mean(), noise.std()], SWIN["noise"], atol=0.005)
    assert noise.min() >= 0 and noise.max() <= 1


def test_a_view_is_cut_twice_like_the_authors():
    """First by noise, then by boxes of another one, which lie over the noise: one of eight has itself as partner."""
    size, batch = 32, 160
    cut, swapped = draw_cutout(batch, size, generator(1)), draw_cutout(batch, size, generator(2))
    cubes = torch.full((batch, size, size, size), 10.0) + torch.arange(batch)[:, None, None, None]
    partner = torch.where(torch.arange(batch) % 8 == 0, torch.arange(batch), (torch.arange(batch) + 1) % batch)
    found = swap_boxes(cutout(cubes, cut, torch.zeros_like(cubes)), swapped, cubes, partner)
    assert_same_share(found == 0, SWIN["augmented 32"]["noise"])
    assert_same_share((found != cubes) & (found > 0), SWIN["augmented 32"]["swapped"])


@pytest.mark.parametrize("size", [8, 16])
def test_small_views_are_cut_too(size):
    assert 0.12 < share(draw_cutout(400, size, generator())).mean() < 0.17


def test_boxes_are_swapped_as_by_a_loop():
    cubes, sources = torch.rand(2, 3, 4, 4, 4).unbind()
    cut, partner = torch.rand(3, 4, 4, 4) < 0.5, torch.tensor([2, 1, 0])
    found = swap_boxes(cubes, cut, sources, partner)
    for row, other in enumerate(partner.tolist()):
        expected = cubes[row].clone()
        if other != row:
            expected[cut[row]] = sources[other][cut[row]]
        assert torch.equal(found[row], expected)


def test_crops_lie_anywhere_in_the_stored_patch():
    patches = torch.arange(3 * 7**3).view(3, 7, 7, 7)
    places = draw_places(3, 7, 4, generator())
    for row, (x, y, z) in enumerate(places.tolist()):
        assert torch.equal(crop(patches, places, 4)[row], patches[row, x : x + 4, y : y + 4, z : z + 4])
    many = draw_places(500, 7, 4, generator())
    assert many.unique().tolist() == [0, 1, 2, 3]
