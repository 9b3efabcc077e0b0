"""One image of any format becomes brightness from 0 to 1; what is none is refused with the file, problem and remedy."""

import io

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import RLELossless

from drasclr_core.cohort.images.grey import read_grey
from drasclr_core.imaging.refusal import VolumeError

from .image_files import gradient, write_png, write_radiograph


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_picture_of_any_depth_keeps_its_brightness(tmp_path, bits):
    image = read_grey(write_png(tmp_path / "a.png", gradient(), bits))
    assert image.array.dtype == np.float32 and image.source == {"format": "PNG", "bits": bits, "inverted": False}
    np.testing.assert_allclose(image.array, gradient(), atol=1 / 255)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK"])
def test_grey_that_is_stored_as_colour_is_grey(tmp_path, mode):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    grey = Image.fromarray(np.rint(gradient() * 255).astype(np.uint8))
    (grey if mode == "P" else grey.convert("RGB")).convert(mode).save(path)
    np.testing.assert_allclose(read_grey(path).array, gradient(), atol=0.05)


def test_jpeg_is_grey_although_its_colours_are_smeared(tmp_path):
    path = tmp_path / "a.jpeg"
    noisy = (gradient(64, 64) * 200 + np.random.default_rng(0).integers(0, 40, (64, 64))).astype(np.uint8)
    Image.fromarray(noisy).convert("RGB").save(path, quality=40)
    assert read_grey(path).source["format"] == "JPEG"


def test_a_black_and_white_picture_and_one_of_real_numbers(tmp_path):
    Image.fromarray(gradient() > 0.5).save(tmp_path / "bw.png")
    assert set(np.unique(read_grey(tmp_path / "bw.png").array)) == {0.0, 1.0}
    Image.fromarray((gradient() * 3000 - 1000).astype(np.float32)).save(tmp_path / "real.tif")
    np.testing.assert_allclose(read_grey(tmp_path / "real.tif").array, gradient(), atol=1e-5)


def refused(path) -> str:
    with pytest.raises(VolumeError) as error:
        read_grey(path)
    message = str(error.value)
    assert message.startswith(f"{path.name}: ") and message.count(". ") >= 1 and str(path.parent) not in message
    return message


def test_a_colour_picture_is_refused(tmp_path):
    colours = np.zeros((40, 40, 3), np.uint8)
    colours[:8, :, 0] = 255
    Image.fromarray(colours).save(tmp_path / "marked.png")
    assert "a colour picture (20 % of the pixels are coloured)" in refused(tmp_path / "marked.png")


def test_what_is_no_image_is_refused(tmp_path):
    png = write_png(tmp_path / "good.png", gradient()).read_bytes()
    for name, content in {"cut.png": png[: len(png) // 2], "empty.png": b"", "text.jpg": b"hello" * 50}.items():
        (tmp_path / name).write_bytes(content)
        assert "damaged, incomplete or not an image" in refused(tmp_path / name)
    (tmp_path / "lfs.png").write_text("version https://git-lfs.github.com/spec/v1\n")
    assert "Git LFS" in refused(tmp_path / "lfs.png")
    assert "no such file" in refused(tmp_path / "nowhere.png")
    assert "same value" in refused(write_png(tmp_path / "flat.png", np.full((20, 20), 0.5)))
    assert "8 x 9 pixels" in refused(write_png(tmp_path / "icon.png", gradient(8, 9)))
    first, second = (Image.fromarray(np.full((20, 20), value, np.uint8)) for value in (1, 2))
    first.save(tmp_path / "pages.tif", save_all=True, append_images=[second])
    assert "2 pages" in refused(tmp_path / "pages.tif")
    Image.fromarray(np.array([[0, 70_000]] * 20, np.int32).repeat(20, axis=1)).save(tmp_path / "wide.tif")
    assert "values from 0 to 70000" in refused(tmp_path / "wide.tif")
    Image.fromarray(np.where(gradient() > 0.5, np.nan, 1).astype(np.float32)).save(tmp_path / "nan.tif")
    assert "NaN" in refused(tmp_path / "nan.tif")


@settings(max_examples=40)
@given(cut=st.floats(0, 1), flip=st.integers(0, 400), value=st.integers(0, 255))
def test_a_damaged_png_is_read_or_refused(tmp_path_factory, cut, flip, value):
    buffer = io.BytesIO()
    Image.fromarray((gradient() * 255).astype(np.uint8)).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    content[flip % len(content)] = value
    path = tmp_path_factory.mktemp("damaged") / "a.png"
    path.write_bytes(content[: max(int(cut * len(content)), 1)])
    try:
        array = read_grey(path).array
        assert np.isfinite(array).all() and 0 <= array.min() < array.max() <= 1
    except VolumeError as error:
        assert str(error).startswith("a.png: ")


def test_a_radiograph_is_shown_bright_where_its_numbers_are_high(tmp_path):
    image = read_grey(write_radiograph(tmp_path / "a.dicom", gradient()))
    assert image.source == {"format": "DICOM", "bits": 12, "inverted": False, "modality": "DX"}
    assert abs(image.array - gradient()).max() < 0.05


def test_monochrome1_is_inverted(tmp_path):
    path = write_radiograph(tmp_path / "a.dicom", gradient(), PhotometricInterpretation="MONOCHROME1")
    image = read_grey(path)
    assert image.source["inverted"] and abs(image.array - (1 - gradient())).max() < 0.05


@pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("how", [
    {},
    {"WindowCenter": 1024, "WindowWidth": 2048},
    {"RescaleSlope": 2, "RescaleIntercept": -100, "WindowCenter": 1500, "WindowWidth": 3000},
    {"Modality": "CT"},
    {"Modality": "CT", "RescaleSlope": 1, "RescaleIntercept": -1024},
    {"PixelRepresentation": 1, "BitsStored": 16, "HighBit": 15},
])  # fmt: skip
def test_compression_changes_nothing(tmp_path, kind, how):
    plain = write_radiograph(tmp_path / "plain.dcm", gradient(), PhotometricInterpretation=kind, **how)
    header = pydicom.dcmread(plain)
    header.compress(RLELossless, header.pixel_array, encoding_plugin="pydicom")
    header.save_as(tmp_path / "rle.dcm")
    first, second = read_grey(plain), read_grey(tmp_path / "rle.dcm")
    np.testing.assert_array_equal(second.array, first.array)
    assert second.source == first.source


def test_the_files_window_counts(tmp_path):
    path = write_radiograph(tmp_path / "a.dcm", gradient(), WindowCenter=1024, WindowWidth=2048)
    array = read_grey(path).array
    assert array[-1, -1] == 1 and array[gradient() > 0.55].min() > 0.99 and array[0, 0] < 0.05


def test_a_window_that_makes_no_sense_is_not_used(tmp_path):
    path = write_radiograph(tmp_path / "a.dcm", gradient(), WindowCenter=1024, WindowWidth=0)
    assert abs(read_grey(path).array - gradient()).max() < 0.05


def test_a_ct_slice_is_shown_in_the_encoders_window(tmp_path):
    hu = gradient() * 1264 - 1024
    image = (hu + 1024) / 4095
    for kind in ("MONOCHROME1", "MONOCHROME2"):
        path = write_radiograph(tmp_path / "a.dcm", image, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024,
                                PhotometricInterpretation=kind)  # fmt: skip
        np.testing.assert_allclose(read_grey(path).array, gradient(), atol=2e-3)


def test_a_dicom_file_under_another_name_and_without_preamble(tmp_path):
    path = write_radiograph(tmp_path / "scan.png", gradient())
    assert read_grey(path).source["format"] == "DICOM"
    header = pydicom.dcmread(path)
    del header.file_meta
    pydicom.dcmwrite(tmp_path / "bare", header, implicit_vr=True, little_endian=True)
    assert abs(read_grey(tmp_path / "bare").array - gradient()).max() < 0.05


def test_dicom_that_is_no_grey_image_is_refused(tmp_path):
    assert "not a grey image but US" in refused(write_radiograph(tmp_path / "us.dcm", gradient(), Modality="US"))
    assert "but unknown" in refused(write_radiograph(tmp_path / "name.dcm", gradient(), Modality="MUELLER"))
    assert "3 frames" in refused(write_radiograph(tmp_path / "cine.dcm", gradient(), NumberOfFrames=3))
    assert "colour" in refused(write_radiograph(tmp_path / "rgb.dcm", gradient(), SamplesPerPixel=3))
    assert "without pixels" in refused(write_radiograph(tmp_path / "none.dcm", gradient(), PixelData=None, Rows=None))
    whole = write_radiograph(tmp_path / "whole.dcm", gradient()).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-500])
    assert "damaged, incomplete" in refused(tmp_path / "cut.dcm")
