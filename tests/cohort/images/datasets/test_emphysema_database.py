"""The Computed Tomography Emphysema Database in its layout: tables without header, TIFF in HU."""

import numpy as np
import pytest
from PIL import Image

from drasclr_core.cohort.images.datasets import read_emphysema_database, read_patches
from drasclr_core.cohort.images.datasets.emphysema_hu import read_hu, read_patch
from drasclr_core.imaging.refusal import VolumeError


def write_tiff(path, hu):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(hu).save(path)
    return path


def lung(size=61, mean=-860):
    return (mean + 30 * np.random.default_rng(0).standard_normal((size, size))).astype(np.int32)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "emphysema"
    for number in range(1, 6):
        write_tiff(root / "patches" / f"patch{number}.tiff", lung())
    names = ["1_upper", "1_middle", "2_lower"]
    for name in names:
        write_tiff(root / "slices" / f"{name}.tiff", lung(80))
    (root / "patch_labels.csv").write_text("1\n2\n3\n2\n1\n")
    (root / "patch_subjects.csv").write_text("1\r\n1\r\n4\r\n4\r\n39\r\n")
    (root / "slice_labels.csv").write_text("".join(f"{name},{k}\n" for k, name in enumerate(names, start=2)))
    (root / "slice_severity.csv").write_text("".join(f"{name},{k}\n" for k, name in enumerate(names)))
    return root


def test_tables(folder):
    database = read_emphysema_database(folder)
    assert database.patches["pattern"].tolist() == ["normal", "centrilobular", "paraseptal", "centrilobular", "normal"]
    assert database.patches["subject"].tolist() == [1, 1, 4, 4, 39] and database.refused.empty
    slices = database.slices
    assert slices[["subject", "level", "pattern", "severity"]].to_numpy().tolist() == [
        [1, "upper", "centrilobular", 0], [1, "middle", "paraseptal", 1], [2, "lower", "panlobular", 2]]  # fmt: skip
    patch = read_patch(database.patches["image"][0])
    assert patch.shape == (61, 61) and patch.dtype == np.float32 and abs(patch.mean() + 860) < 3


def test_what_is_missing_or_unknown_is_refused_and_the_rest_goes_on(folder):
    (folder / "patches" / "patch2.tiff").unlink()
    (folder / "patch_labels.csv").write_text("1\n2\n9\n2\n1\n")
    (folder / "slice_severity.csv").write_text("1_upper,0\n1_middle,6\n2_lower,2\n")
    database = read_emphysema_database(folder)
    assert database.patches["name"].tolist() == ["patch1", "patch4", "patch5"]
    assert database.refused["message"].tolist() == [
        "patch2.tiff: no such file in patches. Unpack the images again.",
        "patch3.tiff: label 9, known are 1, 2, 3. Correct the table.",
        "1_middle.tiff: severity 6, known are 0 to 5. Correct it.",
    ]


def test_tables_that_do_not_belong_together(folder):
    (folder / "patch_subjects.csv").write_text("1\n1\n")
    with pytest.raises(ValueError, match=r"patch_subjects\.csv: 2 rows, but patch_labels\.csv has 5"):
        read_emphysema_database(folder)
    (folder / "patch_subjects.csv").write_text("1\n1\nx\n4\n39\n")
    with pytest.raises(ValueError, match=r"patch_subjects\.csv: row 3 is not a number"):
        read_emphysema_database(folder)
    (folder / "patch_subjects.csv").write_text("1\n1\n4\n4\n39\n")
    (folder / "slice_labels.csv").write_text("1_upper,1\n9_upper,1\n")
    with pytest.raises(ValueError, match="name other slices"):
        read_emphysema_database(folder)
    (folder / "slice_labels.csv").write_text("upper,1\n")
    (folder / "slice_severity.csv").write_text("upper,1\n")
    with pytest.raises(ValueError, match="a slice called upper, expected <subject>_<level>"):
        read_emphysema_database(folder)
    (folder / "slice_severity.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"slice_severity\.csv: no such file"):
        read_emphysema_database(folder)


@pytest.mark.parametrize(("stored", "offset"), [(np.int32, 0), (np.float32, 0), ("wrapped", 0), (np.uint16, -1000)])
def test_numbers_of_any_kind_become_hu(tmp_path, stored, offset):
    hu = lung()
    array = hu.astype(np.int16).view(np.uint16) if stored == "wrapped" else (hu - offset).astype(stored)
    np.testing.assert_allclose(read_hu(write_tiff(tmp_path / "a.tiff", array), offset), hu)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (lung().astype(np.uint8), "a picture of 8 bits"),
        ((lung() + 1000).clip(0).astype(np.uint16), "no value below 0"),
        (lung(60), "60 x 60 pixels, expected 61 x 61"),
        (lung(mean=-50), "a mean of -50 HU, which no lung has"),
    ],
)
def test_what_is_no_patch_in_hu_is_refused(tmp_path, array, message):
    with pytest.raises(VolumeError, match=rf"a\.tiff: .*{message}"):
        read_patch(write_tiff(tmp_path / "a.tiff", array))


def test_a_damaged_image_is_refused(tmp_path):
    (tmp_path / "a.tiff").write_bytes(b"II*\0junk")
    with pytest.raises(VolumeError, match="damaged, incomplete or not an image"):
        read_hu(tmp_path / "a.tiff")


def test_a_patch_that_cannot_be_read_is_told_and_the_rest_goes_on(folder):
    (folder / "patches" / "patch2.tiff").write_bytes(b"II*\0junk")
    write_tiff(folder / "patches" / "patch4.tiff", lung(mean=-50))
    patches, table, refused = read_patches(read_emphysema_database(folder).patches)
    assert patches.shape == (3, 61, 61) and table["name"].tolist() == ["patch1", "patch3", "patch5"]
    assert table["pattern"].tolist() == ["normal", "paraseptal", "normal"]
    assert refused["message"].tolist() == [
        "patch2.tiff: damaged, incomplete or not an image. Download it again.",
        "patch4.tiff: a mean of -50 HU, which no lung has. Give another offset.",
    ]


def test_if_none_can_be_read_the_first_says_why(folder):
    with pytest.raises(ValueError, match=r"none of 5 patches can be used\. The first: patch1\.tiff: .*another offset"):
        read_patches(read_emphysema_database(folder).patches, offset=600.0)
