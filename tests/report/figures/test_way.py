"""The figure of the whole way shows the subject that it was given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from drasclr_core.report.figures.way import Way, pipeline_figure


@pytest.fixture
def way():
    scan, lungs = np.full((40, 30, 36), 40.0), np.zeros((40, 30, 36), np.uint8)
    lungs[5:17, 8:22, 6:30], lungs[23:35, 8:22, 6:30] = 1, 2
    scan[lungs > 0] = -860
    draws = np.random.default_rng(0)
    readout = pd.DataFrame({"sid": ["a", "b", "c"], "true": [90.0, 60.0, 30.0], "predicted": [80.0, 70.0, 40.0]})
    landmarks = np.array([[10.0, 14, 10], [10, 14, 20], [28, 14, 20]])
    patch = np.full((16, 16, 16), -900, np.int16)
    return Way("b", 2.0, scan, lungs, landmarks, 1, patch, draws.normal(size=(3, 128)), readout)


def test_every_step_is_drawn_and_the_subject_is_marked(way):
    fig = pipeline_figure(way)
    axes = [axis for part in fig.subfigs for axis in part.axes]
    titles = [axis.get_title(loc="left") or axis.get_title() for axis in axes]
    assert [title[0] for title in titles] == list("1234567") and "3 landmarks" in titles[2]
    ct, _, landmarks, patch, numbers, image, readout = axes
    assert len(landmarks.collections[0].get_offsets()) == 3
    box = ct.patches[0]
    assert box.get_x() == pytest.approx(40 - 1 - 10 - 8) and box.get_width() == 16, "the subject's right is on the left"
    assert patch.images[0].get_array().shape == (16, 16) and numbers.images[0].get_array().size == 128
    assert image.images[0].get_array().shape == (3, 128)
    marked = readout.collections[1].get_offsets()
    assert marked.tolist() == [[60.0, 70.0]]
    plt.close(fig)
