"""Pictures of maps show the masks and numbers that they are given, at the right place."""

import numpy as np
import pandas as pd
from PIL import Image

from drasclr_core.imaging.volume import Volume
from drasclr_core.report.figures.emphysema.maps import (
    WINDOW,
    Column,
    coronal_maps,
    darkest_coronal,
    picture_row,
    share_boxes,
    shares_against_truth,
)
from drasclr_core.report.style import color


def column(title, truth=True):
    """Lungs right and left; the right upper corner is dark and detected; slice 7 of y has the most of it."""
    shape = (30, 20, 25)
    lungs = np.zeros(shape, np.uint8)
    lungs[3:13, 4:16, 5:20], lungs[17:27, 4:16, 5:20] = 2, 1
    array = np.where(lungs > 0, -860.0, 40.0)
    mask = np.zeros(shape, bool)
    mask[22:27, 7, 14:20] = True
    array[mask] = -980
    layers = {"centrilobular": mask, "LAA-950": mask}
    volume = Volume(array.astype(np.float32), np.diag([4.0, 4.0, 4.0, 1.0]))
    return Column(title, volume, lungs, layers, {"centrilobular": mask} if truth else {})


def test_slice_with_the_most_dark_lung_of_those_with_much_lung():
    made = column("GOLD 2")
    assert darkest_coronal(made.volume, made.lungs) == 7
    sliver = made.lungs.copy()
    sliver[:, 7] = 0
    sliver[22:27, 7, 14:20] = 1  # all dark, but hardly any lung
    assert darkest_coronal(made.volume, sliver) != 7


def test_maps_have_a_panel_for_each_row_and_subject():
    fig = coronal_maps([column("GOLD 0\nA"), column("GOLD 2\nB")], ["centrilobular", "LAA-950"])
    assert [axis.get_title() for axis in fig.axes] == ["GOLD 0\nA", "GOLD 2\nB", "", ""]
    assert [fig.axes[place].get_ylabel() for place in (0, 2)] == ["centrilobular", "LAA-950"]
    ct, lungs, found = fig.axes[0].images
    assert ct.get_clim() == WINDOW
    assert ct.get_array().shape == (25, 30)
    up, across = np.nonzero(~np.ma.getmaskarray(found.get_array()))
    # The subject's right (high x, 22 to 26 of 30) is on the left; the head is on top.
    assert across.min() == 3 and across.max() == 7 and up.min() == 14 and up.max() == 19
    assert (~np.ma.getmaskarray(lungs.get_array())).sum() == 2 * 10 * 15
    low, high = fig.axes[0].get_xlim()
    assert low < 3 and high > 26
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert labels == ["lungs", "detected", "truth"]
    fig.canvas.draw()


def test_without_truth_there_is_no_outline():
    fig = coronal_maps([column("A", truth=False)], ["centrilobular"])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["lungs", "detected"]
    assert not fig.axes[0].collections


def cohort():
    rows = [
        (stage, subtype, 2.0 * stage + number + 3, 1.0 * stage + 1, 0.5 * stage + 1.5)
        for stage in (-1, 0, 2)
        for subtype in ("centrilobular", "paraseptal")
        for number in range(4 + stage)
    ]
    return pd.DataFrame(rows, columns=["GOLD", "subtype", "detected", "true", "laa950"])


def test_boxes_by_stage_with_every_point():
    fig = share_boxes(cohort())
    assert [axis.get_title() for axis in fig.axes] == ["Centrilobular", "Paraseptal"]
    axis = fig.axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["PRISm\nn = 3", "0\nn = 4", "2\nn = 6"]
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    expected = cohort().query("subtype == 'centrilobular'")["detected"]
    assert sorted(y for line in dots for y in line.get_ydata()) == sorted(expected)
    assert len(axis.patches) == 2  # three points make no box
    ticks = axis.get_xticks()
    assert ticks[1] - ticks[0] > ticks[2] - ticks[1]  # PRISm stands apart
    fig.canvas.draw()


def test_one_stage_without_boxes():
    table = pd.DataFrame({"GOLD": [0, 0], "subtype": "paraseptal", "detected": [1.0, np.nan]})
    axis = share_boxes(table).axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0\nn = 1"]


def test_against_truth_with_the_fit():
    table = cohort().assign(detected=lambda t: 2 * t["true"] + 1)
    fig = shares_against_truth(table, "drasclr_finetuned")
    axis = fig.axes[0]
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert labels == ["equal", "LAA-950", "detected", "least squares"]
    assert axis.get_title() == "Centrilobular, slope 2.00"
    shown = {line.get_label(): line for line in axis.lines}
    assert shown["detected"].get_color() == color("drasclr_finetuned") and shown["LAA-950"].get_color() == color(
        "laa950"
    )
    np.testing.assert_allclose(shown["least squares"].get_ydata()[0], 1)
    alike = shares_against_truth(table.assign(true=0.0, laa950=np.nan), "drasclr_finetuned")
    assert alike.axes[0].get_title() == "Centrilobular" and len(alike.legends[0].get_texts()) == 3
    alike.canvas.draw()


def test_pictures_in_a_row_lose_their_empty_sides(tmp_path):
    picture = np.zeros((40, 100, 3), np.uint8)
    picture[10:30, 40:60] = 200
    Image.fromarray(picture).save(tmp_path / "a.jpg")
    Image.fromarray(0 * picture).save(tmp_path / "b.jpg")
    fig = picture_row([tmp_path / "a.jpg", tmp_path / "b.jpg"], ["GOLD 0", "GOLD 4"])
    assert [axis.get_title() for axis in fig.axes] == ["GOLD 0", "GOLD 4"]
    assert fig.axes[0].images[0].get_array().shape[1] < 60 and fig.axes[1].images[0].get_array().shape[1] == 100
