"""Stored values become HU: rescaled slice by slice, with padding, signs and display conventions as they are met."""

import numpy as np
import pytest

from drasclr_core.imaging.volume import VolumeError, load_volume

from ..scan_files import SHAPE, chest, write_series
from ..series_files import LPS


def stored(change):
    """Changes the stored values of every slice, uint16 [row, column]."""

    def edit(item, k):
        values = np.frombuffer(item.PixelData, np.uint16).reshape(item.Rows, item.Columns)
        item.PixelData = change(values.astype(np.int64), k).astype(np.uint16).tobytes()

    return edit


@pytest.fixture
def plain(tmp_path):
    return load_volume(write_series(tmp_path / "plain", chest(), LPS), 2.0).array


def read(tmp_path, **how):
    return load_volume(write_series(tmp_path / "s", chest(), LPS, **how), 2.0).array


def test_monochrome1_tells_only_how_to_show(tmp_path, plain):
    np.testing.assert_array_equal(read(tmp_path, PhotometricInterpretation="MONOCHROME1"), plain)


@pytest.mark.parametrize("bits", [12, 16])
def test_monochrome1_stored_inverted(tmp_path, plain, bits):
    inverted = stored(lambda values, k: 2**bits - 1 - values)
    how = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": bits, "HighBit": bits - 1}
    np.testing.assert_array_equal(read(tmp_path, edit=inverted, **how), plain)


def test_monochrome1_that_is_no_ct_says_so(tmp_path):
    grey = stored(lambda values, k: values % 200)
    with pytest.raises(VolumeError, match=r"grey values for display \(MONOCHROME1\), neither as stored nor inverted"):
        read(tmp_path, edit=grey, PhotometricInterpretation="MONOCHROME1", RescaleSlope=1, RescaleIntercept=0)


def test_padding_read_without_its_sign(tmp_path, plain):
    def padded(values, k):
        values[:, 0] = 63536  # -2000
        return values

    array = read(tmp_path, edit=stored(padded), PixelPaddingValue=63536)
    assert array.max() == plain.max() and (array[-1] == -1024).all()
    np.testing.assert_array_equal(array[:-1], plain[:-1])


def test_all_values_read_without_their_sign(tmp_path, plain):
    hu = stored(lambda values, k: (2 * values - 1024) % 2**16)
    np.testing.assert_array_equal(read(tmp_path, edit=hu, RescaleSlope=1, RescaleIntercept=0), plain)


def test_slope_and_intercept_of_every_slice(tmp_path, plain):
    def edit(item, k):
        stored(lambda values, k: values + 10 * k)(item, k)
        item.RescaleIntercept = -1024 - 20 * k

    np.testing.assert_array_equal(read(tmp_path, edit=edit), plain)


def test_rescaling_that_one_slice_lacks(tmp_path):
    def edit(item, k):
        if k == 4:
            del item.RescaleSlope, item.RescaleIntercept

    with pytest.raises(VolumeError, match=r"s: no rescaling to HU in 1 of 16 slices \(number 5\)\. Export"):
        read(tmp_path, edit=edit)


def test_hu_stored_as_they_are_need_no_rescaling(tmp_path, plain):
    def edit(item, k):
        stored(lambda values, k: (2 * values - 1024) % 2**16)(item, k)
        item.PixelRepresentation = 1
        del item.RescaleSlope, item.RescaleIntercept

    array = read(tmp_path, edit=edit)
    assert array.shape == SHAPE
    np.testing.assert_array_equal(array, plain)
