"""Pictures of methods show what they are given."""

import numpy as np
import pandas as pd

from drasclr_core.report.figures.methods import learning_curves, pretext_gallery, probe_dumbbells

from ...conftest import drawn


def test_each_method_has_a_panel_with_its_curve():
    curves = pd.DataFrame({"method": ["drasclr"] * 2 + ["drasclr_local"] * 2, "done": [0.5, 1] * 2,
                           "relative": [1, 0.7, 1, 0.9]})  # fmt: skip
    axes = learning_curves(curves).axes
    assert [axis.get_title() for axis in axes if axis.get_visible()] == ["DrasCLR without neighbours", "DrasCLR"]
    assert ([50, 100], [1, 0.7]) in drawn(axes[1])


def test_dumbbells_go_from_untrained_to_trained():
    gains = pd.DataFrame({"method": ["drasclr", "drasclr_local"], "label": "FEV1pp", "before": [0.1, -2.0],
                          "after": [0.4, 0.2]})  # fmt: skip
    (axis,) = probe_dumbbells(gains).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["DrasCLR without neighbours", "DrasCLR"]
    assert ([0.1, 0.4], [-1, -1]) in drawn(axis) and ([-0.3, 0.2], [0, 0]) in drawn(axis)


def test_gallery_has_a_row_for_each_method_and_a_caption_for_each_picture():
    patch = np.linspace(-1, 1, 8**3).reshape(8, 8, 8)
    fig = pretext_gallery(
        {"drasclr": {"one view": patch, "another view": patch}, "drasclr_local": {"classes": (patch > 0) + 1}}
    )
    captions = [axis.get_xlabel() for axis in fig.axes]
    assert captions == ["one view", "another view", "classes", ""]
    shown = fig.axes[2].images[0]
    assert set(np.unique(shown.get_array())) == {1, 2} and shown.get_cmap().name == "tab20"
