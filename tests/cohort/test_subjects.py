"""The subject table keeps what was given, relative to the cohort, and refuses rows that later stages cannot use."""

import os

import pandas as pd
import pytest

from drasclr_core.cohort.subjects import check_subjects, image_path, read_subjects, write_given, write_subjects
from drasclr_core.run import Run


@pytest.fixture
def run(tmp_path):
    return Run(str(tmp_path / "runs" / "one"), "copd")


def test_round_trip_keeps_labels_and_leading_zeros(run):
    table = pd.DataFrame({"sid": ["007", "b-2"], "image": ["cohort/images/007.nii.gz", "x.nii"], "GOLD": [2, -1]})
    write_subjects(run, table)
    pd.testing.assert_frame_equal(read_subjects(run), table)


def test_given_scans_leave_no_truth_of_the_simulated_cohort_before(run):
    run.truth.mkdir(parents=True)
    (run.truth / "P00000.nii.gz").touch()
    table = pd.DataFrame({"sid": ["a"], "image": ["a.nii"]})
    with pytest.raises(ValueError):
        write_given(run, table.assign(sid="a/b"))
    assert run.truth.exists()
    write_given(run, table)
    assert not run.truth.exists() and read_subjects(run)["sid"].tolist() == ["a"]


def test_absolute_images_become_relative_and_are_found_after_a_move(run, tmp_path):
    scan = tmp_path / "scans" / "a.nii.gz"
    scan.parent.mkdir()
    scan.write_text("scan")
    write_subjects(run, pd.DataFrame({"sid": ["a"], "image": [str(scan)]}))
    image = read_subjects(run)["image"][0]
    assert str(tmp_path) not in image
    assert image_path(run, image).read_text() == "scan"
    moved = tmp_path.parent / (tmp_path.name + "-moved")
    tmp_path.rename(moved)
    assert image_path(Run(str(moved / "runs" / "one"), "copd"), image).read_text() == "scan"


def test_a_linked_run_folder_finds_its_images(tmp_path):
    (tmp_path / "far" / "away" / "disk").mkdir(parents=True)
    (tmp_path / "runs").symlink_to(tmp_path / "far" / "away" / "disk")
    (tmp_path / "a.nii").write_text("scan")
    run = Run(str(tmp_path / "runs" / "one"), "copd")
    write_subjects(run, pd.DataFrame({"sid": ["a"], "image": [str(tmp_path / "a.nii")]}))
    assert image_path(run, read_subjects(run)["image"][0]).read_text() == "scan"


@pytest.mark.parametrize("sid", ["", "a/b", "..", ".hidden", "a b", "ä", "x" * 101, None, float("nan")])
def test_unsafe_sids_are_refused_with_their_row(run, sid):
    table = pd.DataFrame({"sid": ["ok", sid], "image": ["1.nii", "2.nii"]})
    with pytest.raises(ValueError, match=r"row 2: (no )?sid"):
        write_subjects(run, table)
    assert not run.subjects.exists()


def test_repeated_sids_also_where_a_file_system_ignores_case(run):
    with pytest.raises(ValueError, match="row 3: sid 'A' is already used in row 1"):
        write_subjects(run, pd.DataFrame({"sid": ["a", "b", "A"], "image": ["1", "2", "3"]}))


def test_missing_column_no_rows_and_no_image(run):
    with pytest.raises(ValueError, match="no column 'image'"):
        write_subjects(run, pd.DataFrame({"sid": ["a"]}))
    with pytest.raises(ValueError, match="no subjects"):
        write_subjects(run, pd.DataFrame({"sid": [], "image": []}))
    with pytest.raises(ValueError, match="row 1: no image"):
        write_subjects(run, pd.DataFrame({"sid": ["a"], "image": [None]}))


def test_many_bad_rows_are_counted_not_listed(run):
    table = pd.DataFrame({"sid": ["?"] * 40, "image": ["x"] * 40})
    with pytest.raises(ValueError, match=r"row 1: .*row 5: .*\(and 35 more\)"):
        write_subjects(run, table)


def test_before_stage_01_the_remedy_is_named(run):
    with pytest.raises(FileNotFoundError, match="Run notebook 01_cohort first"):
        read_subjects(run)


def test_an_image_whose_name_is_not_utf8_is_named_by_its_row():
    table = pd.DataFrame({"sid": ["a", "b"], "image": ["a.nii.gz", os.fsdecode(b"caf\xe9.nii.gz")]})
    with pytest.raises(ValueError, match="row 2: the image's name is not UTF-8"):
        check_subjects(table, "subject table")
