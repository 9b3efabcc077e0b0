"""A method knows what its features hold, and no more; what cannot be read out is named with the reason."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.body import body_table, score_beside
from drasclr_core.files import write_csv
from drasclr_core.run import Run


@pytest.fixture
def run(tmp_path):
    run, random = Run(str(tmp_path / "runs" / "some")), np.random.default_rng(0)
    sids = [f"S{number:02d}" for number in range(60)]
    log = random.normal(size=(60, 3))
    columns = {
        "bmi": 28 * np.exp(0.1 * log[:, 0]),
        "height_cm": 170 * np.exp(0.05 * log[:, 1]),
        "age": 60 * np.exp(0.1 * log[:, 2]),
    }
    images = {"sid": sids, "image": [f"{sid}.nii.gz" for sid in sids]}
    write_subjects(run, pd.DataFrame({**images, **columns, "Pi10_mm": [3.5, *[np.nan] * 59]}))
    for name, seen in (("drasclr", [0]), ("kmeans", [0, 1])):
        values = log[:, seen] + 0.1 * random.normal(size=(60, len(seen)))
        features = pd.DataFrame(values).add_prefix("f").assign(sid=sids)
        run.features(name).mkdir(parents=True)
        write_csv(run.features(name) / "image.csv", features)
    return run


def test_a_method_knows_what_its_features_hold(run):
    made = body_table(run, folds=5, n_bootstraps=50)
    known = made.table.pivot(index="method", columns="task", values="mean")
    assert known.loc["drasclr", "BMI"] > 0.95 and known.loc["kmeans", "Height"] > 0.95
    assert known.loc["drasclr", ["Height", "Age"]].max() < 0.1 and known.loc["chance"].max() <= 0
    assert (made.table["low"] <= made.table["mean"]).all() and (made.table["mean"] <= made.table["high"]).all()
    assert [path.name for path in made.files] == ["body.csv", "body_folds.csv"]
    pd.testing.assert_frame_equal(pd.read_csv(made.files[0]), made.table)
    assert "only 1 subjects" in made.missing["Pi10"] and "no column 'LAA950_pct'" in made.missing["LAA-950"]


def test_a_method_of_few_subjects_shrinks_no_table(run):
    run.features("few").mkdir()
    write_csv(run.features("few") / "image.csv", pd.read_csv(run.features("kmeans") / "image.csv")[:20])
    made = body_table(run, n_bootstraps=20)
    assert "only 20 of the 60" in made.missing["few"] and set(made.table["method"]) == {"chance", "drasclr", "kmeans"}


def test_the_method_of_the_first_sentence_must_be_there(run):
    with pytest.raises(FileNotFoundError, match="moco"):
        body_table(run, closely="moco")


def test_scores_beside_what_is_known(run):
    table = body_table(run, n_bootstraps=20).table
    rows = [(name, "logFEV1pp", "R2", score) for name, score in (("chance", 0.0), ("drasclr", 0.4), ("moco", 0.2))]
    scores = pd.DataFrame(rows, columns=["method", "task", "metric", "mean"])
    beside = score_beside(table, scores, "logFEV1pp", ["BMI", "LAA-950"])
    assert beside.index.tolist() == ["drasclr"] and beside.columns.tolist() == ["logFEV1pp", "BMI"]
    known = table.query("method == 'drasclr' and task == 'BMI'")["mean"].item()
    assert beside.loc["drasclr"].tolist() == [0.4, known]
