"""Feature tables by method name."""

import pandas as pd
import pytest

from drasclr_core.anatomy.quality.verdict import judge
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.features import found_features, read_features
from drasclr_core.run import Run


def test_measured_and_learned_features(tmp_path):
    run = Run(str(tmp_path / "run"))
    subjects = pd.DataFrame({"sid": ["a", "b"], "LAA950_pct": [3.0, None]})
    assert read_features(run, subjects, "laa950").to_dict("list") == {"sid": ["a"], "LAA950_pct": [3.0]}
    with pytest.raises(FileNotFoundError, match="Run notebook 07_features"):
        read_features(run, subjects, "drasclr")
    run.features("drasclr").mkdir(parents=True)
    table = pd.DataFrame({"sid": ["a"], "f000": [1.0]})
    table.to_parquet(run.features("drasclr") / "image.parquet")
    pd.testing.assert_frame_equal(read_features(run, subjects, "drasclr"), table)


def test_absent_measurement_is_named(tmp_path):
    with pytest.raises(KeyError, match="LAA950_pct"):
        read_features(Run(str(tmp_path / "run")), pd.DataFrame({"sid": ["a"]}), "laa950")


def test_density_of_the_lungs_comes_from_their_quality(tmp_path):
    run = Run(str(tmp_path / "run"))
    table = pd.DataFrame({"sid": ["a", "b", "c"], "image": "x.nii.gz"})
    write_subjects(run, table)
    with pytest.raises(FileNotFoundError, match="Run notebook 02_lungs"):
        read_features(run, table, "lung_density")
    judge({"mean_hu": -812.5}).save(run.anatomy("a") / "quality.json")
    judge({"error": "no lungs"}).save(run.anatomy("c") / "quality.json")
    assert read_features(run, table, "lung_density").to_dict("list") == {"sid": ["a"], "mean_hu": [-812.5]}


def test_missing_methods_are_named_and_one_is_needed(tmp_path):
    run = Run(str(tmp_path / "run"))
    subjects = pd.DataFrame({"sid": ["a"], "LAA950_pct": [3.0]})
    features, missing = found_features(run, subjects, ["drasclr", "laa950"])
    assert list(features) == ["laa950"] and list(missing) == ["drasclr"]
    assert missing["drasclr"].startswith("features/drasclr/image.parquet: no features")
    with pytest.raises(FileNotFoundError, match="no features of method 'drasclr'"):
        found_features(run, subjects, ["drasclr"])
    with pytest.raises(FileNotFoundError, match="give at least one"):
        found_features(run, subjects, [])
