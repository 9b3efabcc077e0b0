"""Of several stacks one is chosen by a rule that is said, and what cannot be one volume is refused."""

import numpy as np
import pytest
from pydicom.uid import generate_uid

from drasclr_core.imaging.dicom import read_dicom
from drasclr_core.imaging.dicom.kernels import is_known, sharpness
from drasclr_core.imaging.volume import VolumeError

from ..scan_files import chest, write_series
from ..series_files import write_at

Z = np.arange(0, 32, 2.0)


def kernel_series(folder, kernel, slices=16, prefix="", **tags):
    return write_at(folder, Z[:slices], prefix=prefix, series=generate_uid(), ConvolutionKernel=kernel, **tags)


@pytest.mark.parametrize(
    ("soft", "sharp"),
    [("B30f", "B70f"), ("STANDARD", "BONEPLUS"), ("FC08", "FC52"), ("B", "L"), (["Br36d", "2"], ["Bl57f", "2"]),
     ("SOFT", "LUNG")],
)  # fmt: skip
def test_of_two_kernels_the_soft_one_is_read_and_both_are_named(tmp_path, soft, sharp):
    kernel_series(tmp_path / "s", sharp, prefix="a", SeriesNumber=1)
    kernel_series(tmp_path / "s", soft, prefix="b", SeriesNumber=2)
    note = read_dicom(tmp_path / "s")[2]["note"]
    read, left = ((one if isinstance(one, str) else one[0]).upper() for one in (soft, sharp))
    rule = "most slices, then no gap, original, soft kernel, first acquired"
    assert note == (f"of 2 stacks of slices one was read: 16 slices, kernel {read} ({rule}); "
                    f"left out: 16 slices, kernel {left}")  # fmt: skip


def test_a_kernel_with_nearly_as_many_slices_counts_as_one_with_as_many(tmp_path):
    kernel_series(tmp_path / "s", "B70f", prefix="a")
    kernel_series(tmp_path / "s", "B30f", slices=15, prefix="b")
    assert "read: 15 slices, kernel B30F" in read_dicom(tmp_path / "s")[2]["note"]
    kernel_series(tmp_path / "t", "B70f", prefix="a")
    kernel_series(tmp_path / "t", "B30f", slices=8, prefix="b")
    assert "read: 16 slices, kernel B70F" in read_dicom(tmp_path / "t")[2]["note"]


def test_of_equal_series_the_whole_the_original_and_the_first_come_first(tmp_path):
    for number, tags in enumerate(({"SeriesNumber": 4}, {"SeriesNumber": 2}, {"ImageType": ["DERIVED", "SECONDARY"]})):
        write_at(tmp_path / "s", Z + number, prefix=str(number), series=f"1.2.{number}", **tags)
    write_at(tmp_path / "s", Z + 3, prefix="3", series="1.2.9", SeriesNumber=1, skip=(7,))
    assert read_dicom(tmp_path / "s")[1][2, 3] == 1


def test_names_of_kernels():
    order = ["SOFT", "STANDARD", "", "DETAIL", "LUNG", "BONE", "EDGE"]
    assert [sharpness(name) for name in order] == sorted(sharpness(name) for name in order)
    assert sharpness("B31F") < sharpness("BR44") < sharpness("I70F_3") and sharpness("FC13") < sharpness("FC51")
    assert is_known("B31F") and is_known("FC08-H") and not is_known("ZYXWVUT") and not is_known("")


def test_a_name_in_the_place_of_a_kernel_is_not_shown(tmp_path):
    for prefix in "ab":
        kernel_series(tmp_path / "s", "Zyxwvut", prefix=prefix)
    note = read_dicom(tmp_path / "s")[2]["note"]
    assert "left out: 16 slices" in note and "zyx" not in note.lower()


def test_a_scout_in_the_series_is_left_out_and_said(tmp_path):
    folder = write_at(tmp_path / "s", Z)
    coronal = np.array([[2.0, 0, 0, 0], [0, 0, 2, 9], [0, -2, 0, 50], [0, 0, 0, 1]])
    write_series(tmp_path / "scout", chest((20, 24, 1)), coronal, SeriesInstanceUID="1.2.3")
    (tmp_path / "scout" / "000.dcm").rename(folder / "scout.dcm")
    array, _, source = read_dicom(folder)
    assert array.shape == (20, 24, 16) and source["note"].endswith("left out: 1 single slices")


def test_slices_that_stand_in_for_missing_ones_are_refused(tmp_path):
    def coarse(item, k):
        if k in (6, 7):
            item.PixelSpacing = [1, 1]

    with pytest.raises(VolumeError, match="s: slices of different pixel sizes in one series"):
        read_dicom(write_at(tmp_path / "s", Z, edit=coarse))


def test_slices_shifted_sideways_are_refused(tmp_path):
    def shifted(item, k):
        item.ImagePositionPatient = [30 * (k > 7), 0, 2.0 * k]

    with pytest.raises(VolumeError, match=r"s: slices are shifted sideways against each other, by 1\d mm"):
        read_dicom(write_at(tmp_path / "s", Z, edit=shifted))


def test_two_patients_in_one_folder_are_refused(tmp_path):
    for number in (1, 2):
        write_at(tmp_path / "s", Z, prefix=str(number), series=generate_uid(), PatientID=f"MRN{number}")
    with pytest.raises(VolumeError, match=r"s: scans of 2 patients in one folder\. Give one folder for each\."):
        read_dicom(tmp_path / "s")


@pytest.mark.parametrize("blank", ["", None])
def test_studies_without_a_patient_are_taken_for_different_patients(tmp_path, blank):
    for number in (1, 2):
        write_at(tmp_path / "s", Z, prefix=str(number), series=generate_uid(), StudyInstanceUID=f"1.2.{number}",
                 PatientID=blank)  # fmt: skip
    with pytest.raises(VolumeError, match=r"s: scans of 2 patients in one folder\. Give one folder for each\."):
        read_dicom(tmp_path / "s")


def test_two_directions_are_two_stacks(tmp_path):
    """A coronal reconstruction beside the axial one, in one series."""
    folder = write_at(tmp_path / "s", Z)
    coronal = np.array([[2.0, 0, 0, 0], [0, 0, 2, 0], [0, -2, 0, 50], [0, 0, 0, 1]])
    write_series(tmp_path / "c", chest((20, 24, 12)), coronal, SeriesInstanceUID="1.2.3")
    for file in (tmp_path / "c").iterdir():
        file.rename(folder / f"c{file.name}")
    array, affine, source = read_dicom(folder)
    assert array.shape == (20, 24, 16) and affine[2, 2] == 2 and "left out: 12 slices" in source["note"]
