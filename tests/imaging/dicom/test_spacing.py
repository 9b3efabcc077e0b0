"""Slices at uneven steps are read at their true positions, or refused."""

from pathlib import Path

import numpy as np
import pytest

from drasclr_core.imaging.dicom.spacing import combs, even_positions, is_even
from drasclr_core.imaging.volume import VolumeError, load_volume

from ..series_files import ramp, write_at

STEPS = {
    "the larger step in the majority": [1] * 5 + [4] * 10,
    "the smaller step in the majority": [1] * 15 + [4] * 4,
    "two steps in turn": [1.5, 2.5] * 9,
    "growing": np.linspace(1, 3, 20),
    "any": np.random.default_rng(1).uniform(0.7, 5, 20),
    "three parts": [2] * 6 + [5] * 4 + [3] * 6,
    "one step twice as long": [3] * 8 + [6] + [3] * 8,
    "3.57 for 1": [1] * 4 + [3.57] * 12,
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("reverse", [False, True])
def test_every_slice_is_where_its_header_says(tmp_path, name, reverse):
    steps = STEPS[name][::-1] if reverse else STEPS[name]
    z = 20 + np.concatenate([[0], np.cumsum(steps)])
    volume = load_volume(write_at(tmp_path / "s", z, ramp(z)), spacing=1.0)
    found = volume.affine[2, 3] + np.arange(volume.array.shape[2])
    inner = (found > z[0]) & (found < z[-1])
    np.testing.assert_allclose(volume.array[-1, 0, inner], -1000 + 10 * found[inner], atol=3)
    step = volume.source["spacing"][2]
    assert volume.source["shape"][2] * step - step == pytest.approx(z[-1] - z[0], abs=0.1)
    uneven = max(steps) > 1.5 * min(steps)
    assert volume.source.get("gap_mm", 0) == (pytest.approx(max(steps), abs=0.01) if uneven else 0)


def test_rounded_positions_are_even():
    for step in (0.625, 0.7, 1.25, 3.3):
        z = np.round(np.arange(60) * step, 1)
        assert is_even(z) and even_positions(Path("s"), z)[0] is z


@pytest.mark.parametrize(
    ("steps", "problem"),
    [([2] * 5 + [12] + [2] * 5, r"about 5 slices are missing inside the series \(a gap of 12 mm\)"),
     ([1] * 4 + [12] * 8, "slices at uneven steps of 1 to 12 mm"),
     ([4, 11] * 5, "slices at uneven steps of 4 to 11 mm")],
)  # fmt: skip
def test_large_gaps_are_refused(steps, problem):
    with pytest.raises(VolumeError, match=problem):
        even_positions(Path("s"), np.concatenate([[0], np.cumsum(steps)]).astype(float))


def test_thick_slices_at_equal_steps_are_not_gaps():
    z = np.arange(12) * 12.0
    even, gap = even_positions(Path("s"), z)
    assert even is z and gap == 0


def test_many_thin_slices_do_not_ask_for_ever_more():
    z = np.concatenate([[0, 0.1], 3.0 * np.arange(1, 60)])
    assert len(even_positions(Path("s"), z)[0]) < 5 * len(z)


def test_evenly_spaced_stacks_between_each_others_slices():
    z = np.concatenate([np.arange(0, 60, 5.0), np.arange(1.1, 60, 5.0), np.arange(3.3, 60, 5.0)])
    order = np.argsort(z)
    found = combs(z[order])
    assert [len(one) for one in found] == [12, 12, 12]
    assert all(np.allclose(np.diff(z[order][one]), 5) for one in found)
    for single in (np.arange(30.0), np.delete(np.arange(0, 60, 2.0), [7, 8]), np.cumsum(np.linspace(1, 3, 30))):
        assert combs(single) == []
