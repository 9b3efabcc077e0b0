"""Floor and ceiling come from the tables as they are; the way between them is counted where there is one."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.reach import ROLES, reach
from drasclr_core.report.figures.baselines import curves_of_training, reach_chart


def write(folder, stem, cells):
    table = pd.DataFrame(cells, columns=["method", "task", "metric", "mean"]).assign(sd=0.1, subjects=64)
    table.to_csv(folder / f"{stem}.csv", index=False)


@pytest.fixture
def results(tmp_path):
    means = {"chance": 0.0, "laa950": 0.2, "kmeans": 0.3, "untrained": 0.3, "drasclr": 0.6, "truth": 0.8}
    cells = [(method, "logFEV1pp", "R2", mean) for method, mean in means.items()]
    cells += [(method, "AE History", "accuracy", 60 + mean) for method, mean in means.items()]
    write(tmp_path, "table2", cells)
    survival = {"confounders": 0.6, "drasclr": 0.7, "truth": 0.65}
    write(tmp_path, "table3", [(m, "Survival", "concordance at 50th", v) for m, v in survival.items()])
    return tmp_path


def test_the_way_is_from_floor_to_ceiling(results):
    found = reach(results)
    spirometry = found[found["metric"] == "R2"].set_index("role")
    assert list(spirometry.index) == ["floor", "laa950", "untrained", "closely", "ceiling"]
    assert spirometry["way"].tolist() == pytest.approx([0, 0.25, 0.375, 0.75, 1])
    assert spirometry.loc["floor", "method"] == "chance" and spirometry.loc["ceiling", "mean"] == 0.8
    survival = found[found["table"] == "table3"].set_index("role")
    assert survival.loc["floor", "method"] == "confounders" and survival.loc["closely", "way"] == pytest.approx(2)
    assert set(found["role"]) <= set(ROLES) and set(found["table"]) == {"table2", "table3"}


def test_a_ceiling_next_to_the_floor_leaves_no_way_to_count(results):
    found = reach(results)
    assert found.loc[found["metric"] == "accuracy", "way"].isna().all()  # 60.0 to 60.8 %


def test_patients_have_no_ceiling_and_a_run_without_tables_no_rows(results, tmp_path):
    write(results, "table2", [("chance", "GOLD", "accuracy", 30.0), ("laa950", "GOLD", "accuracy", 50.0)])
    found = reach(results).query("table == 'table2'")
    assert found["role"].tolist() == ["floor", "laa950"] and found["way"].isna().all()
    write(results, "table3", [("confounders", "Survival", "concordance at 50th", np.nan)])
    assert "table3" not in set(reach(results)["table"])
    empty = reach(tmp_path / "elsewhere")
    assert empty.empty and list(empty)[:4] == ["table", "task", "metric", "role"]


def test_the_chart_has_a_bar_per_target_with_both_ends(results):
    axes = reach_chart(reach(results)).axes
    percent, others = axes
    bars = [line for axis in axes for line in axis.lines if line.get_linewidth() == 9]
    assert len(bars) == 3 and list(bars[1].get_xdata()) == [0.0, 0.8]
    assert "%" in percent.get_xlabel() and [tick.get_text() for tick in others.get_yticklabels()] == [
        "logFEV1pp",
        "Survival 50th",
    ]


def test_curves_have_a_dot_where_weights_are_kept():
    curves = pd.DataFrame({"repeat": 0, "fold": [0, 0, 0], "epoch": [0, 1, 2], "training_loss": [1.6, 1.0, 0.5],
                           "validation_loss": [1.5, 0.9, 40.0], "kept": [False, True, False]})  # fmt: skip
    axis = curves_of_training(curves).axes[0]
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [2] and dots[0].get_ydata()[0] == 0.9
    assert axis.get_ylim() == (0, pytest.approx(2.0)) and np.isfinite(axis.get_xlim()).all()
