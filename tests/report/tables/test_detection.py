"""Our two detectors stand beside the paper's two rows called "Ours", each beside its own."""

import numpy as np
import pandas as pd

from drasclr_core.paper import tables as paper
from drasclr_core.report.tables.beside_paper import to_html
from drasclr_core.report.tables.detection import COLUMNS, beside_paper


def test_methods_are_matched_within_their_group():
    methods = ["chance", "patch_laa", "drasclr_readout", "patch_cnn", "drasclr_finetuned"]
    rows = [(method, task, metric) for method in methods for task in COLUMNS for metric in ("F1", "recall")]
    summary = pd.DataFrame(rows, columns=["method", "task", "metric"]).assign(mean=0.5, sd=0.1, folds=5, subjects=9)
    table = beside_paper(summary, paper.table("table5"))
    assert table[["method", "task", "metric"]].equals(summary[["method", "task", "metric"]])
    f1 = table[table["metric"] == "F1"].set_index(["method", "task"])["paper_mean"]
    assert f1.xs("Centrilobular", level=1)[methods[1:]].tolist() == [0.77, 0.82, 0.91, 0.98]
    assert f1.xs("Paraseptal", level=1)[methods[1:]].tolist() == [0.70, 0.82, 0.82, 0.99]
    assert np.isnan(f1["chance"]).all()
    assert "0.98" in to_html(table, COLUMNS)
