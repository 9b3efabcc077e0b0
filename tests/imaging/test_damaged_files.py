"""Whatever happened to a file on its way, it becomes a volume or a refusal, and nothing fills the memory."""

import gzip
import re
import resource
import shutil

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from drasclr_core.imaging.refusal import MOST_VOXELS
from drasclr_core.imaging.volume import VolumeError, load_volume

from .scan_files import AFFINE, chest, write, write_itk, write_series

KINDS = ("a.nii", "two.nii", "a.nii.gz", "a.nrrd", "packed.nrrd", "a.nhdr", "a.mha", "packed.mha", "a.mhd", "series")
EACH = 30
MOST_MB = 900
FRAGMENTS = (b"\xff" * 8, b"\0" * 8, b"\x7f" * 8, b"99999999", b"-1 -1 -1", b"nan nan ")


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    for name in ("a.nii", "a.nii.gz"):
        write(folder / name)
    nib.save(nib.Nifti2Image(chest().astype(np.int16), AFFINE), folder / "two.nii")
    for name in ("a.nrrd", "a.mha", "a.nhdr", "a.mhd"):
        write_itk(folder / name)
    image = sitk.GetImageFromArray(chest().T.astype(np.int16))
    for name in ("packed.nrrd", "packed.mha"):
        sitk.WriteImage(image, str(folder / name), True)
    write_series(folder / "series", chest(), np.diag([2.0, 2, 2, 1]))
    return folder


def damaged(raw: bytes, rng: np.random.Generator) -> bytes:
    """Bits turned over, a cut, bytes replaced, lost or put in; mostly in the header."""
    raw = bytearray(raw)
    place = int(rng.integers(min(len(raw), int(rng.choice([64, 400, 1200, len(raw)])))))
    count = int(rng.integers(1, 9))
    change = rng.integers(5)
    if change == 0:
        raw[place] ^= 1 << int(rng.integers(8))
    elif change == 1:
        del raw[place:]
    elif change == 2:
        raw[place : place + count] = FRAGMENTS[rng.integers(len(FRAGMENTS))][:count]
    elif change == 3:
        del raw[place : place + count]
    else:
        raw[place:place] = rng.bytes(count)
    return bytes(raw)


def damage(name: str, rng: np.random.Generator, originals, folder):
    """The path of a damaged copy in `folder`."""
    shutil.copytree(originals, folder)
    path = folder / name
    slices = sorted(path.iterdir())[: int(rng.choice([1, 16]))] if path.is_dir() else [path]
    seed = int(rng.integers(2**31))
    for file in slices:  # all slices in the same way: an exporter's fault
        once = np.random.default_rng(seed)
        if name.endswith(".gz") and seed % 2:
            file.write_bytes(gzip.compress(damaged(gzip.decompress(file.read_bytes()), once)))
        else:
            file.write_bytes(damaged(file.read_bytes(), once))
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_damaged_files_are_read_or_refused(name, originals, tmp_path):
    before, refused = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    for number in range(EACH):
        path = damage(name, np.random.default_rng(number), originals, tmp_path / str(number))
        try:
            volume = load_volume(path, 2.0)
        except VolumeError as error:
            refused += 1
            assert re.fullmatch(rf"{re.escape(name)}: [^\n]+\. [A-Z][^\n]+\.", str(error))
            assert "ecret" not in str(error).lower()
        else:
            assert volume.array.ndim == 3 and np.isfinite(volume.array).all() and np.isfinite(volume.affine).all()
        shutil.rmtree(tmp_path / str(number))
    assert refused > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MB * 1024


def test_headers_cut_anywhere_do_not_crash_the_process(tmp_path):
    """ITK reads beyond a NRRD header that has no end."""
    whole = write_itk(tmp_path / "scan.nrrd").read_bytes()
    for length in range(0, whole.index(b"\n\n"), 7):
        (tmp_path / "scan.nrrd").write_bytes(whole[:length])
        with pytest.raises(VolumeError, match="damaged"):
            load_volume(tmp_path / "scan.nrrd")


def test_number_of_axes_that_would_crash_the_process(tmp_path):
    path = write_itk(tmp_path / "scan.mha")
    path.write_bytes(path.read_bytes().replace(b"NDims = 3", b"NDims = 99999999"))
    with pytest.raises(VolumeError, match="damaged"):
        load_volume(path)


@pytest.mark.parametrize("place", [-300, None])
def test_a_length_beyond_the_end_of_a_dicom_file_is_not_believed(place, tmp_path):
    """Bytes put into a slice before or after its pixels that look like an element of 4 GB."""
    folder = write_series(tmp_path / "series", chest(), np.diag([2.0, 2, 2, 1]))
    file = folder / "005.dcm"
    raw = file.read_bytes()
    pixels = raw.index(b"\xe0\x7f\x10\x00") if place else len(raw)
    file.write_bytes(raw[:pixels] + b"\xe0\x7f\x08\x00OB\0\0\xf0\xff\xff\xf0" + raw[pixels:])
    with pytest.raises(VolumeError, match="damaged"):
        load_volume(folder)


def test_promises_beyond_the_files_size_are_not_believed(tmp_path):
    image = nib.Nifti1Image(chest().astype(np.int16), AFFINE)
    nib.save(image, tmp_path / "scan.nii")
    header = image.header.copy()
    header.set_data_shape((2000, 1000, 1000))
    assert MOST_VOXELS > 2000 * 1000 * 1000
    raw = (tmp_path / "scan.nii").read_bytes()
    (tmp_path / "scan.nii").write_bytes(header.binaryblock + raw[348:])
    with pytest.raises(VolumeError, match="promises 2000 x 1000 x 1000 voxels"):
        load_volume(tmp_path / "scan.nii")
