"""Inputs that failed elsewhere, where they are at hand."""

import pytest

from drasclr_core.imaging.volume import VolumeError, load_volume


@pytest.fixture
def cases(real_data):
    folder = real_data.parent / "cases"
    if not folder.exists():
        pytest.skip("no collection of inputs that failed beside the real scans")
    return folder


def test_uneven_steps(cases):
    source = load_volume(cases / "80a_uneven_spacing").source
    assert source["shape"][2] == 46 and source["spacing"][2] == 1 and source["gap_mm"] == 4


def test_two_acquisitions(cases):
    assert load_volume(cases / "80b_two_acquisitions").source["note"].endswith("left out: 16 slices, acquisition 2")


def test_two_voxel_sizes(cases):
    with pytest.raises(VolumeError, match="2 x 2 x 4 mm by sform, but of 2 x 2 x 3 mm by pixdim"):
        load_volume(cases / "80c_sform_pixdim.nii")


def test_monochrome1(cases):
    array = load_volume(cases / "80e_monochrome1", 2.0).array
    assert (array.min(), array.max(), array[0].max(), array[10, 2, 8]) == (-1000, 900, -1000, 40)
