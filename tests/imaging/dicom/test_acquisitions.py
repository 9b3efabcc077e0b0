"""Several acquisitions, phases and reconstructions in one series are told apart, and never mixed."""

import numpy as np
import pytest
from pydicom.uid import generate_uid

from drasclr_core.imaging.dicom import read_dicom
from drasclr_core.imaging.volume import VolumeError, load_volume

from ..scan_files import chest
from ..series_files import ramp, write_at

Z = np.arange(0, 32, 2.0)


def phase(number, **tags):
    """A chest whose first column tells its phase; tags that are called with the slice's index may change with it."""
    array = chest((20, 24, len(Z)))
    array[:, 0] = -1000 + 100 * number

    def edit(item, k):
        for tag, value in tags.items():
            setattr(item, tag, value(k) if callable(value) else value)

    return array, edit


def two_phases(folder, first, second, positions=(Z, Z)):
    """The same series twice at these positions, with these tags; file names of the second come first."""
    for number, (tags, at, prefix) in enumerate(zip((first, second), positions, ("b", "a"), strict=True), start=1):
        array, edit = phase(number, **tags)
        write_at(folder, at, array[:, :, : len(at)], edit, prefix=prefix)
    return folder


def phase_read(folder):
    """Which phase was read; an error where slices of both were."""
    array, _, source = read_dicom(folder)
    mark = np.unique(np.round((array[:, 0] + 1000) / 100))
    assert len(mark) == 1, "two phases are mixed"
    return int(mark[0]), source


TAGS = {
    "acquisition number": ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}),
    "acquisition number, the second one lower": ({"AcquisitionNumber": 7}, {"AcquisitionNumber": 3}),
    "temporal position": ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2}),
    "trigger time": ({"TriggerTime": 100}, {"TriggerTime": 700}),
    "phase of the heart": ({"NominalPercentageOfCardiacPhase": 40}, {"NominalPercentageOfCardiacPhase": 70}),
    "content time": ({"ContentTime": "101500"}, {"ContentTime": "101730"}),
    "acquisition time": ({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101730"}),
    "time of every slice": (
        {"AcquisitionTime": lambda k: f"1015{k:02d}"},
        {"AcquisitionTime": lambda k: f"1017{k:02d}"},
    ),
    "kernel": ({"ConvolutionKernel": "B30f"}, {"ConvolutionKernel": "B70f"}),
    "image type": ({}, {"ImageType": ["DERIVED", "SECONDARY", "AVERAGE"]}),
    "tube voltage": ({"KVP": 80}, {"KVP": 140}),
    "slice thickness": ({"SliceThickness": 2}, {"SliceThickness": 5}),
    "number of the image": ({}, {"InstanceNumber": lambda k: 100 + k}),
    "number of the image, the second pass backwards": ({}, {"InstanceNumber": lambda k: 100 - k}),
    "number of the image, phases in turn": (
        {"InstanceNumber": lambda k: 2 * k},
        {"InstanceNumber": lambda k: 2 * k + 1},
    ),
    "rotations, each with a number": (
        {"AcquisitionNumber": lambda k: 1 + k // 4},
        {"AcquisitionNumber": lambda k: 5 + k // 4},
    ),
}


@pytest.mark.parametrize("name", TAGS)
def test_one_of_two_phases_is_read_whole_and_the_other_is_named(tmp_path, name):
    number, source = phase_read(two_phases(tmp_path / "two", *TAGS[name]))
    assert number == (2 if "lower" in name else 1)
    assert source["note"].startswith("of 2 stacks of slices one was read: 16 slices")
    assert "left out: 16 slices" in source["note"] and "gap_mm" not in source


@pytest.mark.parametrize("name", [name for name in TAGS if not name.endswith(("backwards", "in turn"))])
def test_phases_between_each_others_slices_are_told_apart(tmp_path, name):
    number, source = phase_read(two_phases(tmp_path / "two", *TAGS[name], positions=(Z, Z + 0.7)))
    assert number == (2 if "lower" in name else 1) and "gap_mm" not in source


@pytest.mark.parametrize("name", ["acquisition number", "content time", "number of the image"])
def test_a_slice_that_one_phase_lacks_is_not_taken_from_the_other(tmp_path, name):
    array, edit = phase(1, **TAGS[name][0])
    write_at(tmp_path / "two", Z, array, edit, prefix="b", skip=(5,))
    array, edit = phase(2, **TAGS[name][1])
    write_at(tmp_path / "two", Z, array, edit, prefix="a")
    assert phase_read(tmp_path / "two")[0] == 2  # the one without a gap


def test_what_nothing_tells_apart_is_refused(tmp_path):
    two_phases(tmp_path / "two", {}, {"InstanceNumber": lambda k: k + 1})
    with pytest.raises(VolumeError, match=r"two: 16 positions hold different slices .* tells apart\. Export one"):
        read_dicom(tmp_path / "two")


def test_copies_of_slices_count_once(tmp_path):
    folder = write_at(tmp_path / "s", Z)
    for number, file in enumerate(sorted(folder.iterdir())[:5]):
        (folder / f"copy{number}.dcm").write_bytes(file.read_bytes())
    array, _, source = read_dicom(folder)
    assert array.shape == (20, 24, 16) and "note" not in source


@pytest.mark.parametrize("shift", [2.0, 1.27])
def test_acquisitions_that_follow_each_other_are_one_volume(tmp_path, shift):
    """Slabs of 40 mm with numbers of their own, one after the other or overlapping by a part."""
    starts = (0, 20 * shift, 40 * shift)
    for number, start in enumerate(starts):
        at = start + np.arange(0, 40, 2.0)
        write_at(tmp_path / "s", at, ramp(at), prefix=str(number), AcquisitionNumber=number + 1)
    volume = load_volume(tmp_path / "s", 2.0)
    height = volume.source["shape"][2] * volume.source["spacing"][2]
    assert abs(height - (starts[-1] + 40)) < 2.1
    z = volume.affine[2, 3] + 2 * np.arange(volume.array.shape[2])
    np.testing.assert_allclose(volume.array[-1, 0, 1:-1], (-1000 + 10 * z)[1:-1], atol=3)
    assert volume.source.get("note", "").endswith("left out: 14 slices" if shift == 1.27 else "")


def test_three_acquisitions_between_each_others_slices(tmp_path):
    for number, start in enumerate((0, 1.1, 3.3)):
        at = start + np.arange(0, 75, 5.0)
        write_at(tmp_path / "s", at, ramp(at), prefix=str(number), AcquisitionNumber=number + 1)
    array, affine, source = read_dicom(tmp_path / "s")
    assert array.shape[2] == 15 and np.linalg.norm(affine[:3, 2]) == pytest.approx(5)
    assert source["note"].endswith("left out: 15 slices, acquisition 2; 15 slices, acquisition 3")


def test_a_series_name_of_its_own_for_every_slice(tmp_path):
    folder = write_at(tmp_path / "s", Z, edit=lambda item, k: setattr(item, "SeriesInstanceUID", generate_uid()))
    (folder / "copy.dcm").write_bytes((folder / "004.dcm").read_bytes())
    array, _, source = read_dicom(folder)
    assert array.shape[2] == 16 and "note" not in source


def test_times_that_differ_within_one_acquisition_do_not_part_it(tmp_path):
    rng = np.random.default_rng(0)
    order = rng.permutation(16)
    tags = {"ContentTime": lambda k: f"1015{order[k]:02d}", "AcquisitionTime": lambda k: f"1015{k // 4:02d}",
            "AcquisitionNumber": lambda k: 1 + k // 4}  # fmt: skip
    array, edit = phase(1, **tags)
    array, _, source = read_dicom(write_at(tmp_path / "s", Z, array, edit))
    assert array.shape[2] == 16 and "note" not in source
