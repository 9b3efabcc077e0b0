"""Pictures of joint learning show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from drasclr_core.report.figures.joint import image_rows, joint_curves, looks_plot


def test_rows_of_images_with_structures_over_them():
    images, classes = np.random.default_rng(0).random((2, 6, 8)), np.zeros((2, 6, 8), int)
    classes[0, 2:4] = 3
    fig = image_rows({"slices": images, "hearts": images[:1]}, {"hearts": classes})
    drawn = [axis.images for axis in fig.axes]
    assert [len(one) for one in drawn] == [1, 1, 2, 0]
    assert np.array_equal(drawn[0][0].get_array(), images[0])
    over = drawn[2][1].get_array()
    assert np.array_equal(over.mask, classes[0] == 0) and over.compressed().tolist() == [3] * 16
    plt.close(fig)


def test_a_loss_that_is_left_out_is_not_drawn():
    steps = np.arange(1, 11)
    log = pd.DataFrame({"step": steps, "loss_intra": 4.0 - 0.1 * steps, "loss_mask": 0.9, "loss_inter": 3.0,
                        "chance": 4.2, "in_use_2d": 0.8, "in_use_3d": 0.7})  # fmt: skip
    plain = log.assign(loss_mask=0.0, loss_inter=0.0)
    fig = joint_curves({"joint": log, "slices_swav": plain})
    lines = [sum(line.get_linestyle() == "-" for line in axis.lines) for axis in fig.axes]
    assert lines[:5] == [2, 1, 1, 2, 1]
    assert fig.axes[3].lines[0].get_ydata()[-1] == 80 and 4.2 in fig.axes[0].lines[1].get_ydata()
    plt.close(fig)


def test_looks_are_drawn_for_each_head_and_key_place():
    places = np.array([2.0, 9.0])[None, None, None] + np.random.default_rng(0).normal(0, 0.3, (2, 20, 3, 2))
    fig = looks_plot(places, np.array([0.0, 11.0]), 12)
    assert [axis.get_title() for axis in fig.axes] == ["layer 1", "layer 2"]
    ticks = [line.get_xdata()[0] for line in fig.axes[0].lines if line.get_marker() == "|"]
    assert np.allclose(ticks, np.median(places[0], axis=0).ravel())
    plt.close(fig)
