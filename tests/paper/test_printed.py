"""The transcription of the paper's tables, against cells copied by hand from its text."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core import paper

# (table, method, group, task, metric): mean, deviation as printed.
PRINTED = [
    ("table2", "LAA-950", "", "logFEV1pp", "R2", 0.44, 0.02),
    ("table2", "LAA-950", "", "Paraseptal", "1-off", 87.6, np.nan),
    ("table2", "K-Means", "", "GOLD", "1-off", 82.3, np.nan),
    ("table2", "K-Means", "", "CLE", "accuracy", np.nan, np.nan),
    ("table2", "MedicalNet", "", "logFEV1pp", "R2", 0.47, 0.10),
    ("table2", "Models Genesis", "", "Paraseptal", "accuracy", 52.7, 0.5),
    ("table2", "Context SSL", "", "logFEV1/FVC", "R2", 0.70, 0.01),
    ("table2", "2D CNN", "", "CLE", "1-off", 60.4, np.nan),
    ("table2", "2D CNN", "", "AE History", "accuracy", np.nan, np.nan),
    ("table2", "Subject2Vec", "", "logFEV1/FVC", "R2", 0.74, 0.01),
    ("table2", "Ours", "", "GOLD", "accuracy", 65.0, 0.6),
    ("table2", "Ours", "", "AE History", "accuracy", 78.9, 1.3),
    ("table3", "Ours", "Imaging", "Survival", "concordance at 25th", 0.76, 0.02),
    ("table3", "BODE", "Clinical", "Survival", "concordance at 75th", 0.75, 0.00),
    ("table3", "Ours + BODE", "Imaging + Clinical", "Survival", "concordance at 50th", 0.77, 0.01),
    ("table4", "3D CNN", "", "COVID-19 severity", "accuracy", 61.2, 3.5),
    ("table4", "Ours w/o Neighbor Contrast", "", "COVID-19 severity", "accuracy", 62.6, 2.4),
    ("table5", "Patch LAA", "Linear Readout", "Paraseptal", "recall", 0.61, 0.09),
    ("table5", "Ours", "Linear Readout", "Centrilobular", "precision", 0.75, 0.04),
    ("table5", "Ours", "Full Fine-tuning", "Paraseptal", "recall", 1.00, 0.00),
    ("table6", "HyperNetwork", "", "GOLD", "accuracy", 58.6, 1.7),
    ("table6", "Loc-CondConv (Ours)", "", "CLE", "accuracy", 50.3, 0.9),
    ("table7", "Random location", "", "Paraseptal", "accuracy", 56.4, 4.1),
    ("table7", "Patch location", "", "Centrilobular", "accuracy", 79.2, 1.4),
    ("table8", "No Neighboring Contrast", "", "logFEV1/FVC", "R2", 0.69, 0.02),
    ("table8", "# Neighbors = 3", "", "CLE", "accuracy", 52.5, 0.5),
    ("table9", "Ours (unhealthy atlas)", "", "CLE", "1-off", 84.2, 0.4),
    ("table9", "Ours (healthy atlas)", "", "logFEV1pp", "R2", 0.63, 0.01),
]
CELLS = {"table2": 117, "table3": 39, "table4": 10, "table5": 42, "table6": 12, "table7": 4, "table8": 12, "table9": 18}


@pytest.mark.parametrize(("name", "method", "group", "task", "metric", "mean", "sd"), PRINTED)
def test_cell(name, method, group, task, metric, mean, sd):
    table = paper.table(name)
    chosen = table[table[["method", "group", "task", "metric"]].eq([method, group, task, metric]).all(axis=1)]
    assert len(chosen) == 1
    np.testing.assert_equal(chosen[["mean", "sd"]].to_numpy(float)[0], [mean, sd])


@pytest.mark.parametrize("name", paper.TABLES)
def test_every_table_is_complete_and_tidy(name):
    table = paper.table(name)
    assert len(table) == CELLS[name]
    assert not table.duplicated(["method", "group", "task", "metric"]).any()
    assert set(table["table"]) == {name}
    percent = table["metric"].isin(["accuracy", "1-off"])
    assert table.loc[percent, "mean"].dropna().between(30, 100).all()
    assert table.loc[~percent, "mean"].dropna().between(0.3, 1).all()
    assert (table["sd"].dropna() < np.where(percent, 5, 0.2)[table["sd"].notna()]).all()


def test_same_result_printed_twice_agrees():
    """Table 9's healthy atlas and Table 8's two neighbours are Table 2's last row."""
    keys = ["task", "metric"]
    ours = paper.table("table2").query("method == 'Ours'")
    for name, method in (("table9", "Ours (healthy atlas)"), ("table8", "# Neighbors = 2 (Ours)")):
        table = paper.table(name)
        both = table[table["method"] == method].merge(ours, on=keys)
        assert len(both) >= 3
        pd.testing.assert_series_equal(both["mean_x"], both["mean_y"], check_names=False)


def test_unknown_table():
    with pytest.raises(ValueError, match="table1"):
        paper.table("table1")
