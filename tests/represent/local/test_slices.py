"""A slice has the features that the dense way gives there, at its points and nowhere else."""

import numpy as np
import pytest

from drasclr_core.represent.dense import DenseOptions, dense_features
from drasclr_core.represent.local import apart_from, clicked_point, point_measures, slice_features


@pytest.fixture
def found(scan, make_encoder):
    return slice_features(scan, make_encoder(), 5, 2)


def test_its_points_are_every_second_lung_voxel_of_one_slice(scan, found):
    assert found.index in (4, 6) and (found.points[:, 1] == found.index).all()
    x, z = np.nonzero(scan.lungs[::2, found.index, ::2])
    assert {tuple(point) for point in found.points[:, [0, 2]]} == set(zip(2 * x, 2 * z, strict=True))
    np.testing.assert_allclose(
        found.centres_mm[0], scan.volume.affine[:3, :3] @ found.points[0] + scan.volume.affine[:3, 3]
    )


def test_features_are_those_of_the_whole_lungs_there(scan, make_encoder, found):
    whole = dense_features(scan, make_encoder(), options=DenseOptions(stride=2, block=8, check=0))
    rows = {tuple(point): row for row, point in enumerate(whole.points)}
    same = np.array([whole.features[rows[tuple(point)]] for point in found.points])
    np.testing.assert_allclose(found.features, same, rtol=1e-3, atol=1e-4)


def test_a_picture_shows_each_value_round_its_point(scan, found):
    plane = found.picture(np.arange(len(found.points), dtype=float), scan.lungs.shape)
    assert plane.shape == (scan.lungs.shape[0], scan.lungs.shape[2])
    for value, (x, _, z) in enumerate(found.points):
        assert plane[x, z] == value
    assert np.isnan(plane[5:7]).all(), "between the lungs there is nothing"


def test_a_slice_without_lung_is_refused(scan, make_encoder):
    with pytest.raises(ValueError, match="no lung"):
        slice_features(scan, make_encoder(), 0, 2)


def test_the_click_is_where_most_is_known_to_be_ill(scan, found, tmp_path):
    measured = point_measures(scan, found, 4, tmp_path / "none.nii.gz")
    assert measured.emphysema is None and clicked_point(measured) == np.nanargmax(measured.laa950)
    share = np.zeros(len(found.points), np.float32)
    share[7], share[3] = 5, np.nan
    assert clicked_point(measured._replace(emphysema=share)) == 7


def test_points_apart_share_no_voxel(found):
    apart = apart_from(found, 0, 4)
    gaps = np.abs(found.points - found.points[0]).max(axis=1)
    assert not apart[0] and (apart == (gaps >= 4)).all() and apart.any()
