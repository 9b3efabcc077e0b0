import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.cohort.phantom.tubes import stamp_balls, stamp_tubes


def grid(spacing, size=48.0):
    return [np.arange(spacing / 2, size, spacing, dtype=np.float32) for _ in range(3)]


@settings(max_examples=25, deadline=None)
@given(radius=st.floats(1, 7), spacing=st.sampled_from([1.0, 2.0, 4.0]), tilt=st.floats(0, 1.2))
def test_tube_keeps_its_volume_at_every_voxel_size(radius, spacing, tilt):
    axes = grid(spacing)
    out = np.zeros([len(a) for a in axes], np.float32)
    heading = 14 * np.array([np.cos(tilt), 0.3, np.sin(tilt)])
    stamp_tubes(out, axes, np.array([24 - heading]), np.array([24 + heading]), np.full((1, 2), radius))
    cylinder, cap = np.pi * radius**2 * 2 * np.linalg.norm(heading), 4 / 3 * np.pi * radius**3
    assert out.max() <= 1
    # The rounded ends are blurred by up to half a voxel.
    assert out.sum() * spacing**3 == pytest.approx(cylinder + cap, rel=0.12 + 0.25 * (radius < spacing))


@settings(max_examples=25, deadline=None)
@given(radius=st.floats(4, 12), spacing=st.sampled_from([1.0, 2.0]), x=st.floats(20, 28))
def test_ball_has_its_volume(radius, spacing, x):
    axes = grid(spacing)
    out = np.zeros([len(a) for a in axes], np.float32)
    stamp_balls(out, axes, np.array([[x, 24, 24]]), np.array([radius]))
    assert out.sum() * spacing**3 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.12)


def test_shapes_over_the_border_are_cut_off():
    axes = grid(2.0)
    out = np.zeros([len(a) for a in axes], np.float32)
    stamp_balls(out, axes, np.array([[0.0, 0, 0], [-90, 0, 0]]), np.array([6.0, 5.0]))
    stamp_tubes(out, axes, np.array([[40.0, 40, 40]]), np.array([[90.0, 90, 90]]), np.full((1, 2), 3.0))
    assert out[0, 0, 0] == 1 and out[-1, -1, -1] > 0 and out[12, 12, 0] == 0


def test_no_shapes_change_nothing():
    out = np.zeros((4, 4, 4), np.float32)
    stamp_balls(out, grid(12.0), np.empty((0, 3)), np.empty(0))
    assert not out.any()
