"""Pictures show the subject as a clinician expects: right side on the left, head or front on top."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from drasclr_core.anatomy.overlays import View, landmark_overlay, layer_overlay, lung_overlay
from drasclr_core.imaging.volume import Volume


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def scan():
    lungs = np.zeros((30, 24, 28), dtype=np.uint8)
    lungs[18:26, 6:18, 4:24] = 1
    lungs[4:12, 6:18, 4:24] = 2
    array = np.where(lungs > 0, -850, 40).astype(np.float32)
    return Volume(array, np.diag([4.0, 4, 4, 1])), lungs


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_voxel_is_drawn_where_its_place_says(axis):
    array = np.zeros((5, 6, 7))
    array[1, 2, 3] = 1
    view = View(axis, (1, 2, 3)[axis])
    column, row = view.place(np.array([[1, 2, 3]]), array.shape)[0]
    assert view.picture(array)[row, column] == 1


def test_right_is_on_the_left_and_the_front_on_top():
    array = np.zeros((5, 6, 7))
    array[4, 5] = 1  # right, front
    assert View(2, 3).picture(array)[-1, 0] == 1  # origin is drawn at the bottom


def test_slices_go_through_both_lungs(scan):
    volume, lungs = scan
    figure = lung_overlay(volume, lungs, "a subject")
    assert len(figure.axes) == 6
    outlined = [len(axes.collections) for axes in figure.axes]
    assert outlined == [2, 2, 2, 2, 1, 1]
    assert [text.get_text() for text in figure.axes[0].texts] == ["R", "L"]
    assert [text.get_text() for text in figure.axes[4].texts] == ["P", "A"]


def test_landmarks_in_and_outside_the_lungs(scan):
    volume, lungs = scan
    corners = np.stack(np.meshgrid([5, 10, 20, 25], [7, 12], [6, 13, 20], indexing="ij"), -1).reshape(-1, 3)
    centres = np.vstack([corners * 4.0, [[60, 50, 50], [400, 0, 0]]])  # one between the lungs, one beyond the scan
    figure = landmark_overlay(volume, lungs, centres)
    offsets = [c.get_offsets() for axes in figure.axes for c in axes.collections if hasattr(c, "get_sizes")]
    drawn = [len(points) for points in offsets if len(points)]
    assert max(drawn) >= 4


def test_without_lungs_the_middle_is_shown_and_empty_layers_are_left_out(scan):
    volume, lungs = scan
    lung_overlay(volume, np.zeros_like(lungs)).canvas.draw()
    holes = np.zeros(lungs.shape, dtype=bool)
    holes[20:22, 10:12, 10:16] = True
    figure = layer_overlay(volume, lungs, {"centrilobular": holes, "panlobular": np.zeros_like(holes)})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["centrilobular"]
