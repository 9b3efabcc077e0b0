"""Feature tables by method name."""

import pandas as pd
import pytest

from drasclr_core.anatomy.quality.verdict import judge
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.features import found_features, methods_with_features, read_features, sources
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


def measured_run(tmp_path, simulated: bool) -> tuple[Run, pd.DataFrame]:
    run = Run(str(tmp_path / "run"))
    columns = {
        "LAA950_pct": [1.0, 2.0],
        "gas_trapping_pct": [9.0, 8.0],
        "Pi10_mm": [3.0, 4.0],
        "wall_area_pct": [60.0, 61],
    }
    if simulated:
        run.truth.mkdir(parents=True)
    return run, pd.DataFrame({"sid": ["a", "b"], **columns})


def write_densitometry(run: Run) -> None:
    run.features("hand_designed").mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"sid": ["a", "b"], "laa950_pct": [5.0, 6.0], "mean_hu": [-850.0, -870.0]})
    table.to_parquet(run.features("hand_designed") / "image.parquet")


def test_baselines_of_a_simulated_cohort_are_measured_on_the_scan_and_never_its_noise_free_columns(tmp_path):
    run, subjects = measured_run(tmp_path, simulated=True)
    for method in ("laa950", "hand_designed"):
        with pytest.raises(FileNotFoundError, match="Run notebook 09_hand_made"):
            read_features(run, subjects, method)
    write_densitometry(run)
    assert read_features(run, subjects, "laa950").to_dict("list") == {"sid": ["a", "b"], "laa950_pct": [5.0, 6.0]}
    assert list(read_features(run, subjects, "hand_designed")) == ["sid", "laa950_pct", "mean_hu"]
    assert read_features(run, subjects, "laa950_noise_free")["LAA950_pct"].tolist() == [1.0, 2.0]
    assert list(read_features(run, subjects, "ct_noise_free"))[1:] == [
        "LAA950_pct",
        "gas_trapping_pct",
        "Pi10_mm",
        "wall_area_pct",
    ]
    written = run.features("hand_designed") / "image.parquet"
    pd.read_parquet(written).drop(columns="laa950_pct").to_parquet(written)
    with pytest.raises(KeyError, match="Run 09_hand_made again"):
        read_features(run, subjects, "laa950")
    write_densitometry(run)
    where = sources(run, subjects, ["laa950", "laa950_noise_free", "drasclr"])
    assert where == {"laa950": "measured on the scan (notebook 09)",
                     "laa950_noise_free": "true values before scanner noise, with a small reading error"}  # fmt: skip
    assert methods_with_features(run, ["laa950"]) == ["laa950", "hand_designed", "laa950_noise_free"]


def test_patients_are_measured_on_the_scan_first_and_their_airways_are_as_given(tmp_path):
    run, subjects = measured_run(tmp_path, simulated=False)
    assert read_features(run, subjects, "laa950")["LAA950_pct"].tolist() == [1.0, 2.0]
    assert list(read_features(run, subjects, "hand_designed"))[1:] == list(subjects)[1:]
    assert sources(run, subjects, ["laa950"]) == {"laa950": "as given in the subject table"}
    few = subjects.assign(Pi10_mm=[4.0, None])
    assert list(read_features(run, few, "hand_designed"))[1:] == ["LAA950_pct", "gas_trapping_pct", "wall_area_pct"]
    told = sources(run, few, ["hand_designed"])["hand_designed"]
    assert told == "as given in the subject table; without Pi10_mm (50 %), which too few subjects have"
    write_densitometry(run)
    assert read_features(run, subjects, "laa950")["laa950_pct"].tolist() == [5.0, 6.0]
    assert read_features(run, subjects, "hand_designed").iloc[1].tolist() == ["b", 6.0, -870.0, 8.0, 4.0, 61.0]
    where = sources(run, subjects, ["hand_designed"])["hand_designed"]
    assert (
        where
        == "measured on the scan (notebook 09); gas_trapping_pct, Pi10_mm, wall_area_pct as given in the subject table"
    )
    rare = subjects.assign(Pi10_mm=[4.0, None])
    assert list(read_features(run, rare, "hand_designed"))[1:] == [
        "laa950_pct",
        "mean_hu",
        "gas_trapping_pct",
        "wall_area_pct",
    ]
    assert len(read_features(run, rare, "hand_designed")) == 2, "a measure that half of the patients lack removes none"
    told = sources(run, rare, ["hand_designed"])["hand_designed"]
    assert told.endswith("; without Pi10_mm (50 %), which too few subjects have")
    with pytest.raises(KeyError, match="simulated subjects only"):
        read_features(run, subjects, "laa950_noise_free")
    assert methods_with_features(run, ["laa950"]) == ["laa950", "hand_designed"]
