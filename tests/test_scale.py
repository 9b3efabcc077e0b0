"""The benchmarks of scale reckon rightly, and every way to keep patches that they compare holds the same patches."""

import sys

import pandas as pd
import pytest

from drasclr_core.run import project_root

sys.path.insert(0, str(project_root(__file__) / "benchmarks"))
import limits
import scale
import store


@pytest.fixture
def table():
    """Costs that grow by 2 s, 3 MB and 4 files for each subject and stage, above 50 s to start."""
    return scale.per_further_subject(pd.DataFrame([
        {"voxel (mm)": 2.0, "subjects": subjects, "stage": stage, "cpu s": 50 + 2 * subjects, "MB": 3 * subjects,
         "files and folders": 7 + 4 * subjects}
        for subjects in (8, 32, 128) for stage in ("cohort", *scale.SCAN_STAGES, "everything done")
    ]))  # fmt: skip


def test_start_up_is_not_counted_for_each_subject(table):
    rates = table.set_index("subjects").filter(like="per further")
    assert rates.loc[8].isna().all(axis=None)
    assert (rates.loc[[32, 128]] == [2, 3, 4]).all(axis=None)


def test_large_cohorts_are_multiples_of_the_rates_of_scans(table):
    few, many = scale.extrapolate(table)
    assert (few["scans"], many["scans"]) == (9_180, 1_000_000)
    assert few["hours on 1 core"] == pytest.approx(9_180 * 3 * 2 / 3600, abs=0.1)
    assert many["hours on 1,000 cores"] == pytest.approx(1e6 * 3 * 2 / 3600 / 1000, abs=0.01)
    assert many["patches (TB)"] == 3 and many["lungs and landmarks (TB)"] == 6
    assert many["files and folders (millions)"] == 12


def test_ways_to_keep_patches_are_compared_on_the_same_patches():
    rows = store.rates(subjects=5, landmarks=2, size=4, repetitions=1, threads=2)
    assert {row["way"] for row in rows} >= {"ours", "ours, 2 threads", "zarr's own reader"}
    assert all(row["warm patches/s"] > 0 and row["cold patches/s"] > 0 for row in rows)


def test_cohort_without_images_stands_for_a_large_one(tmp_path):
    run = limits.finished_cohort(tmp_path, 3)
    assert set(limits.quality_table(run)["verdict"]) == {"review"}
    assert limits.write_gallery(run, 1).exists()
