import gzip
import os

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.phantom import cohort
from drasclr_core.cohort.phantom.cohort import make_cohort, make_subject, subject_name
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.run import Run


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A run with a cohort of three, and its table."""
    run = Run(f"{tmp_path_factory.mktemp('runs')}{os.sep}three")
    return run, make_cohort(run, 3, spacing=4.0, workers=1)


def test_files_and_table(three):
    run, table = three
    assert list(table["sid"]) == ["P00000", "P00001", "P00002"] == [subject_name(i) for i in range(3)]
    pd.testing.assert_frame_equal(read_subjects(run), table)
    assert {"GOLD", "CLE", "FEV1pp"} <= set(table) and not {"resilience", "centrilobular"} & set(table)
    for row in table.itertuples():
        scan, truth = nib.load(image_path(run, row.image)), nib.load(run.truth / f"{row.sid}.nii.gz")
        assert scan.get_data_dtype() == np.int16 and truth.get_data_dtype() == np.uint32
        assert scan.shape == truth.shape
    assert list(pd.read_csv(run.cohort / "cohort" / "boxes.csv")) == ["sid", "x", "y", "z", "subtype"]


def test_subject_does_not_depend_on_the_size_of_the_cohort(three, tmp_path):
    run, table = three
    made = make_subject(2, tmp_path / "images", tmp_path / "truth", spacing=4.0)
    alone, together = (nib.load(folder / "P00002.nii.gz") for folder in (tmp_path / "images", run.images))
    np.testing.assert_array_equal(alone.get_fdata(), together.get_fdata())
    assert made["row"] == {name: table[name][2] for name in made["row"]}


def test_second_run_makes_nothing_and_a_lost_file_is_made_again(three, monkeypatch):
    run, table = three
    calls, simulate = [], cohort.simulate
    monkeypatch.setattr(cohort, "simulate", lambda *args: calls.append(args[1]) or simulate(*args))
    pd.testing.assert_frame_equal(make_cohort(run, 3, spacing=4.0, workers=1), table)
    assert not calls
    before = (run.images / "P00001.nii.gz").read_bytes()
    (run.images / "P00001.nii.gz").unlink()
    make_cohort(run, 3, spacing=4.0, workers=1)
    assert calls == [1]
    scan = nib.Nifti1Image.from_bytes(gzip.decompress((run.images / "P00001.nii.gz").read_bytes()))
    was = nib.Nifti1Image.from_bytes(gzip.decompress(before))
    np.testing.assert_array_equal(scan.get_fdata(), was.get_fdata())


def test_changed_parameters_make_subjects_anew(tmp_path):
    folders = tmp_path / "images", tmp_path / "truth"
    make_subject(0, *folders, spacing=4.0)
    first = nib.load(folders[0] / "P00000.nii.gz").get_fdata()
    make_subject(0, *folders, spacing=4.0, seed=1)
    again = nib.load(folders[0] / "P00000.nii.gz").get_fdata()
    assert first.shape != again.shape or not np.array_equal(first, again)


def test_covid_arm(tmp_path):
    made = make_subject(3, tmp_path / "images", tmp_path / "truth", spacing=4.0, arm="covid")
    assert set(made["row"]) == {"age", "sex", "mosmed_grade"} and made["boxes"] == []
