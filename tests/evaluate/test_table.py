"""The files of a table: each method beside its own row of the paper, and what is written."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate import beside_paper, write_table
from drasclr_core.run import Run


def summary(methods, tasks, metrics):
    index = pd.MultiIndex.from_product([methods, tasks, metrics], names=["method", "task", "metric"])
    return pd.DataFrame({"mean": 0.5, "sd": 0.25, "folds": 5, "subjects": 64}, index).reset_index()


def test_each_method_has_its_own_row_of_the_paper():
    ours = summary(["chance", "laa950", "drasclr", "mine"], ["GOLD", "CLE"], ["accuracy", "1-off"])
    beside = beside_paper(ours, "table2")
    assert beside[list(ours)].equals(ours)
    beside = beside.set_index(["method", "task", "metric"]).sort_index()
    assert beside.loc[("drasclr", "CLE", "accuracy"), ["paper_mean", "paper_sd"]].tolist() == [53.9, 0.8]
    assert beside.loc[("laa950", "GOLD", "accuracy"), "paper_mean"] == 55.8
    assert np.isnan(beside.loc[("laa950", "GOLD", "accuracy"), "paper_sd"])
    assert beside.loc[["chance", "mine"], "paper_mean"].isna().all()


def test_a_row_that_table_2_lacks_is_that_of_table_8():
    beside = beside_paper(summary(["drasclr_local", "drasclr"], ["CLE", "GOLD"], ["accuracy"]), "table2")
    means = beside.set_index(["method", "task"])["paper_mean"]
    assert means.loc["drasclr_local"].to_list()[:1] == [50.3] and np.isnan(means["drasclr_local", "GOLD"])
    assert means.loc["drasclr"].tolist() == [53.9, 65.0]


def test_the_paper_may_report_less_or_have_no_such_table():
    rows = summary(["cnn3d"], ["COVID-19 severity"], ["accuracy", "kappa"])
    beside = beside_paper(rows, "table4").set_index("metric")
    assert beside.loc["accuracy", ["paper_mean", "paper_sd"]].tolist() == [61.2, 3.5]
    assert np.isnan(beside.loc["kappa", "paper_mean"])
    assert beside_paper(rows, "table4_small")[["paper_mean", "paper_sd"]].isna().all(axis=None)


def test_methods_are_matched_within_their_group():
    methods = ["patch_laa", "drasclr_readout", "patch_cnn", "drasclr_finetuned"]
    f1 = beside_paper(summary(methods, ["Centrilobular", "Paraseptal"], ["F1"]), "table5").set_index(["task", "method"])
    assert f1.loc["Centrilobular", "paper_mean"].tolist() == [0.77, 0.82, 0.91, 0.98]
    assert f1.loc["Paraseptal", "paper_mean"].tolist() == [0.70, 0.82, 0.82, 0.99]


@pytest.mark.parametrize("draws", [None, pd.DataFrame({"draw": [-1]})])
def test_a_table_and_its_parts_are_read_back(tmp_path, draws):
    run, table = Run(str(tmp_path / "run")), beside_paper(summary(["drasclr"], ["CLE"], ["accuracy"]), "table2")
    files = write_table(run, "table6", table, folds=pd.DataFrame({"fold": [0]}), bootstrap=draws)
    names = ["table6.csv", "table6_folds.csv", *(["table6_bootstrap.csv"] if draws is not None else [])]
    assert [file.name for file in files] == names
    assert sorted(file.name for file in run.results.iterdir()) == sorted(names)
    pd.testing.assert_frame_equal(pd.read_csv(files[0]), table)


def test_no_part_of_an_earlier_table_stands_beside_a_new_one(tmp_path):
    run, table = Run(str(tmp_path / "run")), pd.DataFrame({"mean": [1.0]})
    part = pd.DataFrame({"draw": [-1]})
    write_table(run, "table6", table, folds=part, bootstrap=part)
    write_table(run, "table7", table, bootstrap=part)
    write_table(run, "table6", table, folds=part, bootstrap=None)
    assert sorted(file.name for file in run.results.iterdir()) == [
        "table6.csv", "table6_folds.csv", "table7.csv", "table7_bootstrap.csv"]  # fmt: skip
