"""Any scan comes out in one form, RAS+ cubes of HU; what cannot be a chest CT is refused with a remedy."""

import gzip

import nibabel as nib
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel import orientations
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from drasclr_core.anatomy.resampling import resample
from drasclr_core.anatomy.volume import Volume, VolumeError, load_mask, load_volume, save_mask, save_volume

SHAPE = (20, 24, 16)
AFFINE = np.array([[2.0, 0, 0, -20], [0, 2, 0, -30], [0, 0, 3, 50], [0, 0, 0, 1]])


def chest(shape=SHAPE) -> np.ndarray:
    """Air round a body with a dark and a less dark lung, a bright spot that marks right, front and top."""
    array = np.full(shape, -1000.0, dtype=np.float32)
    body = tuple(slice(2, length - 2) for length in shape)
    array[body] = 40
    x, y = shape[0] // 2, shape[1] // 2
    array[x + 1 : -4, y - 4 : y + 4, 4:-4] = -850
    array[4 : x - 1, y - 4 : y + 4, 4:-4] = -700
    array[-4:-2, -4:-2, -4:-2] = 900
    return array


def write(path, array=None, affine=AFFINE, **header):
    image = nib.Nifti1Image(chest() if array is None else array, affine)
    for name, value in header.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def write_series(folder, array, affine, modality="CT", skip=(), **tags):
    """`array` [i, j, k] in HU as a DICOM series; `affine` maps indices to LPS mm; the slices come in random order."""
    folder.mkdir(exist_ok=True)
    series, sizes = generate_uid(), np.linalg.norm(affine[:3, :3], axis=0)
    order = np.random.default_rng(0).permutation(array.shape[2])
    for name, k in enumerate(order):
        if k in skip:
            continue
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = generate_uid()
        slice_ = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        slice_.Modality, slice_.SeriesInstanceUID, slice_.StudyInstanceUID = modality, series, series
        slice_.PatientName, slice_.PatientID = "Secret^Name", "SECRET1"
        slice_.Rows, slice_.Columns = array.shape[1], array.shape[0]
        slice_.PixelSpacing = [sizes[1], sizes[0]]
        slice_.SliceThickness = 5.0
        slice_.ImageOrientationPatient = [*affine[:3, 0] / sizes[0], *affine[:3, 1] / sizes[1]]
        slice_.ImagePositionPatient = list(affine[:3, :3] @ [0, 0, k] + affine[:3, 3])
        slice_.InstanceNumber = int(k) + 1
        slice_.RescaleSlope, slice_.RescaleIntercept = 2, -1024
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 0
        for tag, value in tags.items():
            setattr(slice_, tag, value)
        slice_.PixelData = ((array[:, :, k].T + 1024) / 2).astype(np.uint16).tobytes()
        pydicom.dcmwrite(folder / f"{name:03d}.dcm", slice_, enforce_file_format=True)
    return folder


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
    sizes=st.tuples(*[st.floats(0.5, 4.0)] * 3),
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
    assert abs(array[tuple(middle)] - (new[:3, :3] @ middle + new[:3, 3]) @ slope) < 0.01


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
        "format": "DICOM", "slice_thickness": 5.0, "shape": list(SHAPE), "spacing": [2.0, 2.0, 3.0]
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


def rescaled(low, high):
    array = chest()
    return (array - array.min()) / np.ptp(array) * (high - low) + low


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


def patch(path, offset, value):
    """A NIfTI-1 file with bytes of its header replaced (nibabel would not write such a header)."""
    write(path)
    raw = bytearray(path.read_bytes())
    raw[offset : offset + value.nbytes] = value.tobytes()
    path.write_bytes(bytes(raw))


def no_header_spacing(path):
    patch(path, 80, np.zeros(3, dtype=np.float32))


def zero_affine(path):
    patch(path, 280, np.zeros(12, dtype=np.float32))


def no_orientation(path):
    patch(path, 252, np.zeros(2, dtype=np.int16))


def metres(path):
    write(path, affine=np.diag([0.002, 0.002, 0.002, 1]))


def truncated(path):
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def not_an_image(path):
    path.write_text("sorry")


def empty(path):
    path.touch()


def colour(path):
    rgb = np.zeros(SHAPE, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(rgb, AFFINE), path)


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
        ("missing inside", lambda folder: write_series(folder, chest(), np.eye(4) * 2, skip=(6, 7))),
        ("no DICOM", lambda folder: folder.mkdir()),
        ("fewer than two", lambda folder: write_series(folder, chest()[:, :, :1], np.eye(4) * 2)),
        ("damaged", lambda folder: cut_slice(write_series(folder, chest(), np.eye(4) * 2))),
    ],
)
def test_bad_series_are_refused(tmp_path, problem, spoil):
    spoil(tmp_path / "series")
    with pytest.raises(VolumeError, match=rf"^series: .*{problem}"):
        load_volume(tmp_path / "series")


def cut_slice(folder):
    file = folder / "005.dcm"
    file.write_bytes(file.read_bytes()[:-300])


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
