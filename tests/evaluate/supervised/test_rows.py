"""Supervised rows of a run: what can be trained, what is left out and why, and their place in a table."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy import Atlas, PatchStore
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.readout import readout_table
from drasclr_core.evaluate.supervised import SupervisedRows, rows
from drasclr_core.evaluate.survival import survival_table
from drasclr_core.evaluate.tasks import PHENOTYPES, Task
from drasclr_core.run import Run

from ..survival.deaths import subject_table

SMOKER = Task("Smoker", "smoker", classes=(0, 1))
BRIEF = {"subject2vec": {"epochs": "1", "patches": 2}, "cnn2d": {"epochs": 1, "width": 2, "size": 8}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """40 subjects with patches of 4^3, spirometry and follow-up; whole lungs are made up."""
    run, rng = Run(str(tmp_path / "run")), np.random.default_rng(0)
    features, subjects = subject_table(40)
    subjects = subjects.assign(
        FEV1pp=rng.uniform(30, 110, 40), FEV1_FVC=rng.uniform(0.3, 0.8, 40), smoker=np.arange(40) % 2
    )
    write_subjects(run, subjects.assign(image="x.nii.gz"))
    corners = np.array([[0, 0, 0], [4, 4, 4], [8, 8, 8], [0, 4, 8]])
    Atlas(np.ones((12, 12, 12), np.uint8), np.diag([2.0, 2.0, 2.0, 1.0]), corners, 4).save(run.atlas)
    store = PatchStore.create(run.patches, subjects["sid"], 4, 4, 2.0)
    for sid in subjects["sid"]:
        store.write(sid, rng.normal(-800, 100, (4, 4, 4, 4)).astype(np.int16))
    run.features("drasclr").mkdir(parents=True)
    features.to_parquet(run.features("drasclr") / "image.parquet")

    def cubes(run, tested, size, workers):
        return rng.normal(-800, 100, (len(tested), size, size, size)).astype(np.int16)

    monkeypatch.setattr(rows, "whole_lung_cubes", cubes)
    return run


def without(run, *columns):
    write_subjects(run, pd.read_parquet(run.subjects).drop(columns=list(columns)).assign(image="x.nii.gz"))


def names(table):
    return list(dict.fromkeys(table["method"]))


def test_rows_of_table_2(run):
    networks = SupervisedRows(run, ["subject2vec", "cnn2d"], BRIEF)
    assert networks.names == ["cnn2d", "subject2vec"] and networks.missing == {}
    tasks = [PHENOTYPES[0], SMOKER, Task("absent", "absent")]
    made = readout_table(
        run, [], tasks, "table2", folds=2, n_permutations=1, n_bootstraps=2,
        supervised=lambda tested: networks.readout(tested, tasks, folds=2, repeats=1, seed=0),
    )  # fmt: skip
    assert names(made.table) == ["chance", "cnn2d", "subject2vec", "drasclr"]
    assert made.table.groupby("method")["subjects"].nunique().eq(1).all()
    assert made.table.set_index(["method", "metric"]).loc[("cnn2d", "R2"), "paper_mean"] == 0.53
    folds = made.readout.predictions.pivot(index=["task", "sid"], columns="method", values="fold")
    assert folds.nunique(axis=1).eq(1).all()
    assert set(pd.read_csv(made.files[2])["method"]) == set(names(made.table))


def test_a_row_of_table_3(run):
    networks = SupervisedRows(run, ["subject2vec"], BRIEF)
    trained = {name: networks.vectors for name in networks.names}
    made = survival_table(run, [], "table3", folds=2, repeats=1, n_bootstraps=2, trained=trained)
    assert names(made.table)[:3] == ["confounders", "hand_designed", "subject2vec"]
    own = made.table.query("method == 'subject2vec'")
    assert own["mean"].notna().all() and own["paper_mean"].tolist()[0] == 0.72
    joined = survival_table(
        run, ["drasclr", "subject2vec+bode"], "x", folds=2, repeats=1, n_bootstraps=2, trained=trained
    )
    assert names(joined.table) == ["confounders", "drasclr", "subject2vec+bode"]


def test_a_table_that_names_its_rows_has_no_others(run):
    assert SupervisedRows(run, ["cnn2d", "subject2vec"], BRIEF, ["drasclr"]).names == []
    assert SupervisedRows(run, ["cnn2d", "subject2vec"], BRIEF, ["drasclr", "cnn2d"]).names == ["cnn2d"]


def test_without_spirometry_or_patches_the_row_is_left_out_with_a_reason(run):
    without(run, "FEV1_FVC")
    networks = SupervisedRows(run, ["cnn2d", "subject2vec"], BRIEF)
    assert networks.names == ["cnn2d"] and "no column 'FEV1_FVC'" in networks.missing["subject2vec"]
    bare = Run(str(run.folder), "other")
    write_subjects(bare, pd.read_parquet(run.subjects).assign(image="x.nii.gz"))
    assert "run 05_patches first" in SupervisedRows(bare, ["subject2vec"], {}).missing["subject2vec"]


def test_too_little_spirometry_is_a_reason(run):
    table = pd.read_parquet(run.subjects)
    write_subjects(run, table.assign(image="x.nii.gz", FEV1pp=table["FEV1pp"].where(table.index < 9)))
    assert "fewer than 10 subjects" in SupervisedRows(run, ["subject2vec"], BRIEF).missing["subject2vec"]


def test_what_is_misspelt_is_refused(run):
    with pytest.raises(ValueError, match="no supervised network 'cnn3d'"):
        SupervisedRows(run, ["cnn3d"], {})
    with pytest.raises(ValueError, match="no setting of subject2vec 'epoch': did you mean 'epochs'"):
        SupervisedRows(run, ["subject2vec"], {"subject2vec": {"epoch": 3}})
    with pytest.raises(ValueError, match="epochs of cnn2d is 'many', and must be a whole number"):
        SupervisedRows(run, ["cnn2d"], {"cnn2d": {"epochs": "many"}})
