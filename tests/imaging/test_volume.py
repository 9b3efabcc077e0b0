"""Any scan comes out in one form, RAS+ cubes of HU; what cannot be a chest CT is refused with a remedy."""

import gzip

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel import orientations
from pydicom.uid import RLELossless

from drasclr_core.imaging.resampling import resample
from drasclr_core.imaging.volume import Volume, VolumeError, load_mask, load_volume, save_mask, save_volume

from .scan_files import (
    AFFINE,
    SHAPE,
    chest,
    colour,
    cut_file,
    cut_slice,
    empty,
    metres,
    no_header_spacing,
    no_orientation,
    no_space,
    not_an_image,
    rescaled,
    truncated,
    two_frames,
    vector,
    write,
    write_series,
    zero_affine,
)


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LAS", "ASR", "PIL", "SAL"])
def test_every_stored_order_gives_the_same_volume(tmp_path, codes):
    turn = orientations.ornt_transform(orientations.axcodes2ornt("RAS"), orientations.axcodes2ornt(tuple(codes)))
    stored = orientations.apply_orientation(chest(), turn)
    affine = AFFINE @ orientations.inv_ornt_aff(turn, SHAPE)
    expected = load_volume(write(tmp_path / "ras.nii.gz"), spacing=2.0)
    volume = load_volume(write(tmp_path / "stored.nii", stored, affine), spacing=2.0)
    np.testing.assert_allclose(volume.array, expected.array, atol=1e-3)
    np.testing.assert_allclose(volume.affine, expected.affine)
    assert volume.source["spacing"] == [2.0, 2.0, 3.0]
    assert volume.array.dtype == np.float32 and volume.array.flags.c_contiguous


def test_a_volume_at_its_own_spacing_is_not_touched(tmp_path):
    volume = Volume(chest(), np.diag([2.0, 2, 2, 1]))
    save_volume(tmp_path / "scan.nii.gz", volume)
    again = load_volume(tmp_path / "scan.nii.gz", spacing=2.0)
    np.testing.assert_array_equal(again.array, volume.array)
    np.testing.assert_array_equal(again.affine, volume.affine)
    assert again.spacing == (2.0, 2.0, 2.0)


def test_slope_padding_and_one_frame(tmp_path):
    array = chest()
    array[0, :, :] = -3024
    array[-1, :, :] = -2000
    image = nib.Nifti1Image(((array + 3024) / 4).astype(np.int16)[..., None], AFFINE)
    image.header.set_slope_inter(4, -3024)
    nib.save(image, tmp_path / "scaled.nii.gz")
    volume = load_volume(tmp_path / "scaled.nii.gz", spacing=2.0)
    assert volume.array.min() == -1024
    assert volume.array.ndim == 3
    np.testing.assert_allclose(volume.array[10, 2:4, 8], 40, atol=4)


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.tuples(*[st.floats(1.0, 4.0)] * 3),  # smaller ones leave three voxels, all at an edge
    angles=st.tuples(*[st.floats(-0.3, 0.3)] * 3),
    spacing=st.floats(0.8, 4.0),
)
def test_points_stay_where_they_are(sizes, angles, spacing):
    """A smooth image of RAS coordinates, stored obliquely, has the same values at the same places afterwards."""
    (a, b, c), (ca, cb, cc) = np.sin(angles), np.cos(angles)
    rotation = (
        np.array([[1, 0, 0], [0, ca, -a], [0, a, ca]])
        @ np.array([[cb, 0, b], [0, 1, 0], [-b, 0, cb]])
        @ np.array([[cc, -c, 0], [c, cc, 0], [0, 0, 1]])
    )
    shape = (24, 22, 20)
    affine = np.eye(4)
    affine[:3, :3] = rotation * sizes
    affine[:3, 3] = (-7, 11, 30)
    slope = np.array([1.0, -2.0, 3.0])
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
    array, new = resample((places @ slope).astype(np.float32), affine, spacing)
    np.testing.assert_allclose(new[:3, :3], np.eye(3) * spacing)
    centre = affine @ [*((np.array(shape) - 1) / 2), 1]
    middle = np.rint(np.linalg.inv(new) @ centre).astype(int)[:3]
    assert abs(array[tuple(middle)] - (new[:3, :3] @ middle + new[:3, 3]) @ slope) < 0.1  # HU; 0.03 mm


def test_larger_voxels_average_what_they_cover():
    stripes = np.zeros((40, 8, 8), dtype=np.float32)
    stripes[::2] = 1.0
    array, _ = resample(stripes, np.eye(4), 4.0)
    np.testing.assert_allclose(array[1:-1], 0.5, atol=0.02)


def test_dicom_series_equals_its_nifti_and_forgets_who_it_was(tmp_path):
    array = chest()
    lps = np.diag([-1.0, -1, 1, 1]) @ AFFINE
    volume = load_volume(write_series(tmp_path / "series", array, lps), spacing=2.0)
    expected = load_volume(write(tmp_path / "same.nii.gz", array), spacing=2.0)
    np.testing.assert_allclose(volume.array, expected.array, atol=2.1)
    np.testing.assert_allclose(volume.affine, expected.affine, atol=1e-6)
    assert volume.source == {
        "format": "DICOM", "slice_thickness": 5.0, "shape": list(SHAPE), "spacing": [2.0, 2.0, 3.0], "air_hu": -1000.0
    }  # fmt: skip
    save_volume(tmp_path / "out.nii.gz", volume)
    assert b"ecret" not in gzip.decompress((tmp_path / "out.nii.gz").read_bytes()).replace(b"S", b"s")


def test_tilted_gantry(tmp_path):
    """Slices shifted against each other: a straight rod along z comes out straight."""
    tilt = np.diag([1.0, 1, 2, 1])
    tilt[1, 2] = 1.0
    array = np.full((40, 60, 12), -1000.0)
    array[5:35, 15:55] = 40
    for k in range(12):
        array[18:22, 40 - k : 44 - k, k] = 1000
    volume = load_volume(write_series(tmp_path / "tilted", array, np.diag([1.0, 1, 1, 1]) @ tilt), spacing=1.0)
    centres = [np.argwhere(volume.array[:, :, z] > 500)[:, 1].mean() for z in range(4, volume.array.shape[2] - 4)]
    assert np.ptp(centres) < 1.0


def test_of_two_series_the_longer_one_is_read_and_double_slices_count_once(tmp_path):
    folder = write_series(tmp_path / "mixed", chest(), np.diag([2.0, 2, 3, 1]))
    for file in sorted(folder.iterdir()):
        file.rename(folder / f"long_{file.name}")
    (folder / "copy_of_one.dcm").write_bytes((folder / "long_003.dcm").read_bytes())
    write_series(folder, chest((20, 24, 8)), np.diag([2.0, 2, 5, 1]))
    (folder / "LICENSE").write_text("not DICOM")
    assert load_volume(folder, spacing=2.0).source["shape"] == list(SHAPE)


BAD_VALUES = {
    "normalised to 0..1": (rescaled(0, 1), "normalised"),
    "normalised to -1..1": (rescaled(-1, 1), "normalised"),
    "grey values": (rescaled(0, 255).round(), "8-bit"),
    "detector values": (chest() + 1024, "detector"),
    "thousandths": (chest() / 100, "no air"),
    "shifted twice": (chest() - 1024, "soft tissue"),
    "constant": (np.full(SHAPE, -1000.0), "every voxel"),
    "nan": (np.where(chest() > 800, np.nan, chest()), "NaN"),
    "infinite": (np.where(chest() > 800, np.inf, chest()), "infinite"),
    "two frames": (np.stack([chest(), chest()], axis=-1), "3-D"),
    "one slice": (chest()[:, :, :1], "single slice"),
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_values_that_are_not_a_chest_ct_are_refused(tmp_path, name):
    array, problem = BAD_VALUES[name]
    with pytest.raises(VolumeError, match=problem) as refusal:
        load_volume(write(tmp_path / "bad.nii.gz", np.asarray(array, dtype=np.float32)))
    message = str(refusal.value)
    assert message.startswith("bad.nii.gz: ") and message.endswith(".") and str(tmp_path) not in message


@pytest.mark.parametrize(
    "spoil", [no_header_spacing, zero_affine, metres, no_orientation, truncated, not_an_image, empty, colour]
)
def test_broken_nifti_files_are_refused(tmp_path, spoil):
    path = tmp_path / "broken.nii"
    spoil(path)
    with pytest.raises(VolumeError, match=r"^broken\.nii: .+\. .+\.$"):
        load_volume(path)


def test_truncated_gzip_is_refused(tmp_path):
    truncated(tmp_path / "half.nii.gz")
    with pytest.raises(VolumeError, match="damaged"):
        load_volume(tmp_path / "half.nii.gz")


def test_missing_file_and_unknown_format_are_refused(tmp_path):
    with pytest.raises(VolumeError, match="no such file"):
        load_volume(tmp_path / "nobody.nii.gz")
    (tmp_path / "scan.jpg").write_bytes(b"JFIF")
    with pytest.raises(VolumeError, match="unknown format"):
        load_volume(tmp_path / "scan.jpg")


@pytest.mark.parametrize(
    ("problem", "spoil"),
    [
        ("not CT but MR", lambda folder: write_series(folder, chest(), np.eye(4) * 2, modality="MR")),
        ("a gap of 12 mm", lambda folder: write_series(folder, chest(), np.eye(4) * 2, skip=range(5, 10))),
        ("at one position", lambda folder: write_series(folder, chest(), np.diag([2.0, 2, 0, 1]))),
        ("no DICOM", lambda folder: folder.mkdir()),
        ("fewer than two", lambda folder: write_series(folder, chest()[:, :, :1], np.eye(4) * 2)),
        ("damaged", lambda folder: cut_slice(write_series(folder, chest(), np.eye(4) * 2))),
    ],
)
def test_bad_series_are_refused(tmp_path, problem, spoil):
    spoil(tmp_path / "series")
    with pytest.raises(VolumeError, match=rf"^series: .*{problem}"):
        load_volume(tmp_path / "series")


def test_a_few_missing_slices_are_interpolated_and_said(tmp_path):
    ramp = np.broadcast_to(np.linspace(-1000, 100, SHAPE[2]), SHAPE)
    volume = load_volume(write_series(tmp_path / "gap", ramp, np.diag([2.0, 2, 2, 1]), skip=(4, 8, 9)), spacing=2.0)
    assert volume.source["gap_mm"] == 6.0
    np.testing.assert_allclose(volume.array, ramp, atol=2)  # stored as whole HU
    assert volume.source["shape"] == list(SHAPE)


@pytest.mark.parametrize("suffix", [".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("axes", [(1, 1), (-1, 1), (-1, -1)])
def test_nrrd_and_metaimage_give_what_nifti_gives(tmp_path, suffix, axes):
    """Also with a header in which x or y runs the other way, and with slices that are oblique."""
    affine = np.diag([2.0 * axes[0], 2.0 * axes[1], 3.0, 1])
    angle = np.radians(4)
    affine[:2, :2] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ affine[:2, :2]
    affine[:3, 3] = 5, -7, 20
    expected = load_volume(write(tmp_path / "scan.nii.gz", affine=affine), spacing=2.0)
    image = sitk.GetImageFromArray(chest().T.astype(np.int16))
    lps = np.diag([-1.0, -1, 1, 1]) @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing)
    image.SetDirection((lps[:3, :3] / spacing).ravel())
    image.SetOrigin(lps[:3, 3])
    sitk.WriteImage(image, str(tmp_path / f"scan{suffix}"))
    volume = load_volume(tmp_path / f"scan{suffix}", spacing=2.0)
    np.testing.assert_allclose(volume.affine, expected.affine, atol=1e-4)
    np.testing.assert_allclose(volume.array, expected.array, atol=0.1)
    assert volume.source["format"] == suffix.lstrip(".").upper()


@pytest.mark.parametrize(
    ("name", "spoil", "problem"),
    [
        ("a.nrrd", no_space, "orientation missing"),
        ("b.nrrd", vector, "colour or vector"),
        ("c.mha", two_frames, "3-D frame"),
        ("d.nrrd", cut_file, "damaged"),
        ("e.mha", cut_file, "damaged"),
        ("f.mhd", not_an_image, "damaged"),
        ("g.nrrd", empty, "damaged"),
    ],
)
def test_broken_nrrd_and_metaimage_files_are_refused(tmp_path, name, spoil, problem):
    spoil(tmp_path / name)
    with pytest.raises(VolumeError, match=rf"^{name}: .*{problem}.*\.$"):
        load_volume(tmp_path / name)


def test_masks_come_back_in_ras_order(tmp_path):
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[12:, 3:9, 5] = 1
    mask[:8, 3:9, 5] = 2
    save_mask(tmp_path / "mask.nii.gz", mask, AFFINE)
    again, affine = load_mask(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(again, mask)
    np.testing.assert_array_equal(affine, AFFINE)
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = SHAPE[0] - 1
    nib.save(nib.Nifti1Image(mask[::-1], AFFINE @ flip), tmp_path / "las.nii.gz")
    again, affine = load_mask(tmp_path / "las.nii.gz")
    np.testing.assert_array_equal(again, mask)
    np.testing.assert_allclose(affine, AFFINE)


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<i4", "<u2", "<f4", ">f4", "<f8", "<i8"])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_every_number_format_gives_the_same_volume(tmp_path, dtype, ending):
    expected = load_volume(write(tmp_path / "float.nii"), spacing=2.0)
    offset = 1024 if dtype == "<u2" else 0
    header = nib.Nifti1Header(endianness=dtype[0])
    header.set_data_dtype(np.dtype(dtype))
    image = nib.Nifti1Image((chest() + offset).astype(dtype), AFFINE, header, dtype=np.dtype(dtype))
    image.header.set_slope_inter(1, -offset)
    nib.save(image, tmp_path / f"scan{ending}")
    volume = load_volume(tmp_path / f"scan{ending}", spacing=2.0)
    np.testing.assert_allclose(volume.array, expected.array, atol=1e-3)
    assert volume.array.dtype == np.float32


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii.gz"])
@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32, np.float64])
def test_compressed_files_and_one_frame_of_four_dimensions(tmp_path, suffix, kind):
    frame = sitk.GetImageFromArray(chest().T.astype(kind))
    frame.SetSpacing((2.0, 2.0, 3.0))
    sitk.WriteImage(frame, str(tmp_path / f"three{suffix}"), True)
    three = load_volume(tmp_path / f"three{suffix}", spacing=2.0)
    assert three.array.min() == -1000 and three.source["shape"] == list(SHAPE)
    if suffix != ".nrrd":  # ITK writes no space for four axes
        sitk.WriteImage(sitk.JoinSeries([frame]), str(tmp_path / f"four{suffix}"), True)
        np.testing.assert_array_equal(load_volume(tmp_path / f"four{suffix}", spacing=2.0).array, three.array)


def test_compressed_dicom_and_its_padding(tmp_path):
    lps = np.diag([2.0, 2, 2, 1])
    array = chest()
    array[0] = -1024
    plain = load_volume(write_series(tmp_path / "plain", array, lps), spacing=2.0)
    packed = write_series(tmp_path / "packed", array, lps, edit=lambda item, k: item.compress(RLELossless))
    np.testing.assert_array_equal(load_volume(packed, spacing=2.0).array, plain.array)
    assert plain.array.min() == -1024

    def signed(item, k):
        """Stored HU as whole numbers with a sign, air outside the circle as -2000."""
        stored = array[:, :, k].T.astype(np.int16)
        stored[:, 0] = -2000
        item.PixelRepresentation, item.RescaleSlope, item.RescaleIntercept = 1, 1, 0
        item.PixelPaddingValue, item.PixelData = -2000, stored.tobytes()

    padded = load_volume(write_series(tmp_path / "signed", array, lps, edit=signed), spacing=2.0)
    np.testing.assert_allclose(padded.array, plain.array, atol=2)
