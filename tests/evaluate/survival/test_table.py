"""A table of survival models: its rows, what is written, and a cohort in which too few died."""

import pandas as pd
import pytest

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.survival import survival_table
from drasclr_core.evaluate.survival.covariates import survival_rows
from drasclr_core.run import Run

from .deaths import subject_table


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "run"))
    features, subjects = subject_table(60)
    write_subjects(run, subjects.drop(columns="FEV1pp").assign(image="x.nii.gz"))
    for method in ("mine", "drasclr"):
        run.features(method).mkdir(parents=True)
        features.to_parquet(run.features(method) / "image.parquet")
    return run


def rows(made):
    return list(dict.fromkeys(made.table["method"]))


def test_rows_are_the_papers_with_the_methods_that_are_there():
    expected = ["hand_designed", "drasclr", "mine", "spirometry", "bode", "hand_designed+bode", "drasclr+spirometry"]
    assert survival_rows(["drasclr", "mine"], "drasclr") == [*expected, "drasclr+bode"]
    folders = ["hand_designed", "drasclr", "mine", "truth"]
    assert survival_rows(folders, "drasclr", simulated=True) == [*expected, "drasclr+bode", "ct_noise_free", "truth"]


def test_what_is_there_is_evaluated_and_written(run):
    made = survival_table(run, [], "table3", folds=3, repeats=1, n_bootstraps=2)
    alone = ["confounders", "hand_designed", "mine", "drasclr", "bode"]
    assert rows(made) == [*alone, "hand_designed+bode", "drasclr+bode"]
    assert list(made.data.skipped) == ["spirometry", "drasclr+spirometry"]
    assert [file.name for file in made.files] == ["table3.csv", "table3_folds.csv", "table3_bootstrap.csv"]
    papers = made.table.set_index(["method", "metric"])["paper_mean"]
    assert papers["drasclr+bode", "concordance at 25th"] == 0.78
    assert made.table[["mean", "low", "high"]].notna().all(axis=None)


def test_the_row_that_is_looked_at_closely_is_a_row(run):
    with pytest.raises(ValueError, match=r"closely is 'drasclr', which is no row: the rows are mine, bode"):
        survival_table(run, ["mine", "bode"], "table3")


def test_a_simulated_cohort_measures_on_the_scan_and_has_its_ceilings(run):
    run.truth.mkdir(parents=True)
    made = survival_table(run, ["hand_designed", "mine", "ct_noise_free"], "table3", closely="mine", folds=3, repeats=1,
                          n_bootstraps=2)  # fmt: skip
    assert rows(made) == ["confounders", "mine", "ct_noise_free"]
    assert "Run notebook 09_hand_made" in made.data.skipped["hand_designed"]
    assert list(made.data.blocks["ct_noise_free"]) == ["LAA950_pct", "gas_trapping_pct", "Pi10_mm", "wall_area_pct"]


def test_too_few_deaths_leave_a_table_without_numbers(run):
    run.results.mkdir()
    for part in ("folds", "bootstrap", "calibration"):  # of a cohort in which more people died
        (run.results / f"table3_{part}.csv").write_text("value\n1\n")
    made = survival_table(run, ["drasclr"], "table3", folds=40, repeats=1)
    assert "died" in made.obstacle and made.readout is None
    assert rows(made) == ["confounders", "drasclr"] and made.table["mean"].isna().all()
    assert [file.name for file in run.results.iterdir()] == ["table3.csv"]


def test_what_is_hand_designed_can_be_looked_at_closely(run):
    run.features("hand_designed").mkdir(parents=True, exist_ok=True)
    pd.read_parquet(run.features("drasclr") / "image.parquet").to_parquet(
        run.features("hand_designed") / "image.parquet"
    )
    made = survival_table(run, [], "table3", closely="hand_designed", folds=3, repeats=1, n_bootstraps=2)
    assert made.data.rows.count("hand_designed+bode") == 1 and made.table["mean"].notna().all()


def test_the_row_that_is_looked_at_closely_must_have_features(run):
    with pytest.raises(FileNotFoundError, match="no features of method 'moco'"):
        survival_table(run, ["drasclr", "moco+bode"], "table3", closely="moco+bode")


def test_a_cohort_without_follow_up_says_so_and_loses_nothing_else(run):
    write_subjects(run, pd.read_parquet(run.subjects).drop(columns=["days", "race"]))
    made = survival_table(run, [], "table3", folds=3, repeats=1, n_bootstraps=2)
    assert made.obstacle == "the subject table has no column 'days', and survival needs days of follow-up and who died"
    assert not len(made.data.outcomes) and made.table["mean"].isna().all() and made.draws is None
    assert made.data.uncontrolled == ("race",) and (run.results / "table3.csv").exists()
