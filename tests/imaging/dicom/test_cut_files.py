"""Files beside a series that are empty or cut are counted; neighbours that are no slices are not."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from drasclr_core.imaging.readers import read_image
from drasclr_core.imaging.volume import load_volume

from ..scan_files import write_series
from ..series_files import write_at


@pytest.fixture
def folder(tmp_path):
    """A series of 16 slices, whose last is there to be spoilt."""
    return write_at(tmp_path / "s", np.arange(16) * 2.0)


def top_slice(folder: Path) -> Path:
    return next(
        file
        for file in folder.iterdir()
        if pydicom.dcmread(file, specific_tags=["InstanceNumber"]).InstanceNumber == 16
    )


def spoil(folder: Path, content: bytes) -> dict:
    top_slice(folder).write_bytes(content)
    return read_image(folder)[2]


@pytest.mark.parametrize("size", [0, 60, 128, 130, 132, 140, 200, 300, 400, 465, 500, 537])
def test_a_slice_cut_anywhere_in_its_header_is_counted_and_the_rest_read(folder, size):
    whole = top_slice(folder).read_bytes()
    source = spoil(folder, whole[:size])
    assert source["cut_files"] == 1
    assert load_volume(folder, spacing=2.0).array.shape[2] == 15


def test_a_whole_series_has_none(folder):
    assert "cut_files" not in read_image(folder)[2]


@pytest.mark.parametrize("content", [b"Version 1\n", b"\x89PNG" + bytes(200), b"{}"])
def test_a_neighbour_that_is_no_dicom_is_not_counted(folder, content):
    assert "cut_files" not in spoil(folder, content)


def test_files_of_another_ending_are_not_counted(folder):
    (folder / "checksums.md5").touch()
    (folder / "VERSION").touch()
    assert "cut_files" not in read_image(folder)[2]


def test_a_whole_report_or_slice_without_a_place_is_not_counted(folder, tmp_path):
    write_series(tmp_path / "pr", np.zeros((4, 4, 1)), np.eye(4), modality="PR")
    (tmp_path / "pr" / "000.dcm").rename(folder / "report.dcm")
    assert "cut_files" not in read_image(folder)[2]


def test_a_cut_slice_that_tells_another_series_is_not_counted(folder, tmp_path):
    other = write_at(tmp_path / "o", np.arange(4) * 2.0, series="1.2.99", prefix="o")
    first = sorted(other.iterdir())[0]
    whole = first.read_bytes()
    cut = whole[: whole.index(b"1.2.99") + 40]
    (folder / "other.dcm").write_bytes(cut)
    assert "cut_files" not in read_image(folder)[2]
