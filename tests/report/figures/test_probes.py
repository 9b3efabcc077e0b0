"""Lines of the online probe: one for each training, seeds in the colour of the first and without a name."""

import matplotlib.pyplot as plt
import pandas as pd

from drasclr_core.report.figures.ablations import probe_lines


def scores(*values):
    return pd.DataFrame([(step, label, value) for label in ("FEV1pp", "FVC") for step, value in values],
                        columns=["step", "label", "r2"])  # fmt: skip


def test_a_line_for_each_training_and_a_name_for_each_variant():
    fig = probe_lines({"drasclr_long": scores((10, 0.4), (0, 0.1)), "drasclr_long_seed1": scores((0, 0.2), (10, 0.3)),
                       "drasclr": scores((0, 0.0), (10, 0.5))})  # fmt: skip
    first = fig.axes[0]
    assert [axis.get_title() for axis in fig.axes] == ["FEV1pp", "FVC"]
    lines = [line for line in first.lines if len(line.get_xdata()) == 2 and line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in lines] == [[0.1, 0.4], [0.2, 0.3], [0.0, 0.5]], "in the order of steps"
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert len(fig.legends[0].get_texts()) == 2
    plt.close(fig)
