"""A folder of images of all kinds: one table, a list of what was refused, and no identifier in either."""

import numpy as np
import pytest
from PIL import Image

from drasclr_core.cohort.images import keep_folder, read_image_folder
from drasclr_core.cohort.images.keep import REFUSED

from .image_files import gradient, write_png, write_radiograph

UID = "1.2.840.113619.2.55.3.604688119"


@pytest.fixture
def folder(tmp_path):
    """Images of unlike sizes, depths and formats, and what else lies about."""
    own = tmp_path / "images"
    write_png(own / "a" / "one.png", gradient())
    write_png(own / "b" / "one.png", gradient(50, 20), 12)
    write_radiograph(own / "b" / "x.dicom", gradient(33, 44), PhotometricInterpretation="MONOCHROME1")
    write_radiograph(own / f"{UID}.dcm", gradient())
    Image.fromarray(np.full((30, 30, 3), (250, 0, 0), np.uint8)).save(own / "red.png")
    (own / f"{UID}.7.png").write_bytes(b"junk")
    (own / "README.md").write_text("words")
    (own / "._one.png").write_bytes(b"of a Mac")
    return own


def test_the_table_and_what_is_refused(folder):
    images = read_image_folder(folder)
    assert len(images) == 4 and images.table["name"].is_unique
    table = images.table.set_index("name")
    assert table.loc["one-1", ["group", "rows", "columns", "bits"]].tolist() == ["a", 40, 30, 8]
    assert table.loc["one-2", ["group", "rows", "columns", "bits"]].tolist() == ["b", 50, 20, 12]
    assert table.loc["x", "inverted"] and table.loc["x", "format"] == "DICOM"
    assert sorted(name[:4] for name in images.refused["name"]) == ["red", "uid-"]
    assert images.notes == ["No images, left out: 1 (1 .md)."]
    assert [images.read(place).shape for place in range(4)] == list(zip(table["rows"], table["columns"], strict=True))


def test_nothing_that_is_shown_names_a_person_or_an_identifier(folder):
    images = read_image_folder(folder)
    shown = images.table.to_csv() + images.refused.to_csv() + " ".join(images.notes)
    assert UID not in shown and "SECRET" not in shown.upper() and str(folder.parent) not in shown


def test_a_stream_of_a_folder(folder, tmp_path):
    stream = keep_folder(tmp_path / "stream", read_image_folder(folder), edge=24)
    assert len(stream) == 4 and set(stream.table["kind"]) == {"a", "b", "images"}
    images = stream.read([0, 1, 2, 3])
    assert images.shape == (4, 24, 24) and images.dtype == np.float32 and 0 <= images.min() < images.max() <= 1
    assert (tmp_path / "stream" / REFUSED).read_text().count("\n") == 3


@pytest.mark.parametrize("files", [
    ["p1/img.png", "p2/img.png", "p3/img-1.png"],
    ["p1/img-1.png", "p2/img.png", "p3/img.png", "p4/img-1.png"],
    ["p1/Img.png", "p2/img.png", "p3/IMG-2.png"],
    ["p1/a b.png", "p2/a_b.png"],
])  # fmt: skip
def test_no_image_is_lost_where_names_are_alike(tmp_path, files):
    for place, name in enumerate(files):
        write_png(tmp_path / "own" / name, gradient(20 + place, 20))
    images = read_image_folder(tmp_path / "own")
    assert images.table["name"].str.casefold().is_unique
    stream = keep_folder(tmp_path / "stream", images, edge=16)
    assert len(stream) == len(files) and sorted(stream.table["kind"]) == sorted(images.table["group"])


def test_images_of_one_name_are_refused(folder, tmp_path):
    images = read_image_folder(folder)
    images.table["name"] = ["one", "x", "One", "y"]
    with pytest.raises(ValueError, match=r"images: several images have one name \(One, one\)\. Rename"):
        keep_folder(tmp_path / "stream", images)


def test_an_image_that_has_become_bad_does_not_stop_the_others(folder, tmp_path):
    images = read_image_folder(folder)
    (folder / "a" / "one.png").write_bytes(b"junk")
    (folder / "b" / "one.png").unlink()
    stream = keep_folder(tmp_path / "stream", images, edge=24)
    refused = (tmp_path / "stream" / REFUSED).read_text()
    assert len(stream) == 2 and "damaged, incomplete" in refused and "no such file" in refused


def test_nothing_to_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere: no such folder\. Give"):
        read_image_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no PNG, JPEG, TIFF, BMP or DICOM file"):
        read_image_folder(tmp_path)
    (tmp_path / "a.png").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"none of 1 images can be used; the first: a\.png: damaged"):
        read_image_folder(tmp_path)


def test_real_slices(real_data):
    if not (real_data / "slices").exists():
        pytest.skip("no slices/ among the real data")
    images = read_image_folder(real_data / "slices")
    assert images.table.groupby("group").size().to_dict() == {"luna16": 100, "msd_heart": 100}
    assert images.refused.empty and (images.table["bits"] == 8).all()
    series = read_image_folder(real_data / "ct" / "LungDx_A0002_dicom")
    assert len(series) == 30 and 0.1 < series.read(15).mean() < 0.6
