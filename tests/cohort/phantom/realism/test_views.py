import matplotlib.pyplot as plt
import numpy as np

from drasclr_core.cohort.phantom.realism.views import PLACES, lung_slice, side_by_side
from drasclr_core.imaging.volume import Volume


def scan():
    array, lungs = np.zeros((30, 20, 40), np.float32), np.zeros((30, 20, 40), np.uint8)
    lungs[5:25, 4:16, 10:35] = 1
    array[24, 4, 34] = 100  # right, back, top corner of the lungs
    return Volume(array, np.diag([2.0, 2, 2, 1])), lungs


def test_right_is_left_and_head_is_up():
    coronal = lung_slice(*scan(), axis=1, place=0.0, margin_mm=0)
    assert coronal.shape == (25, 20) and coronal[0, 0] == 100 and (coronal > 0).sum() == 1
    axial = lung_slice(*scan(), axis=2, place=1.0, margin_mm=0)
    assert axial.shape == (12, 20) and axial[-1, 0] == 100
    sagittal = lung_slice(*scan(), axis=0, place=1.0, margin_mm=2)
    assert sagittal.shape == (27, 14) and sagittal[1, -2] == 100


def test_figure_names_scans_and_places():
    fig = side_by_side({"first": scan(), "second": scan()})
    assert len(fig.axes) == 2 * len(PLACES)
    assert [ax.get_title() for ax in fig.axes[:2]] == ["first", "second"]
    assert fig.axes[0].get_ylabel() == PLACES[0][0]
    plt.close(fig)
