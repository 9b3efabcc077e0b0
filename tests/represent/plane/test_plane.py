"""A plane of the atlas lies at the same places in every scan, and has the features that landmarks there would have."""

import numpy as np
import pytest
import torch

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import Encoder
from drasclr_core.model.inputs import center_views
from drasclr_core.represent.plane import (
    atlas_plane,
    clicked_point,
    cosine_similarity,
    cut_at,
    plane_features,
    point_measures,
)

AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])


@pytest.fixture
def atlas():
    lungs = np.zeros((24, 20, 24), np.uint8)
    lungs[3:10, 4:16, 3:21], lungs[14:21, 4:16, 3:21] = 1, 2
    lungs[3:21, 9, 3:21] = 1  # the most lung is at y = 9
    corners = np.argwhere(np.ones((3, 2, 3))) * 8
    return Atlas(lungs, AFFINE, corners, 8)


@pytest.fixture
def scan():
    """A scan whose HU say where they are, shifted by 8 mm along x and 4 mm along z."""
    hu = np.indices((30, 24, 28)).astype(np.float32)
    shift = np.eye(4)
    shift[:3, 3] = [-8, 0, -4]
    lungs = np.ones(hu.shape[1:], np.uint8)
    return AlignedScan(Volume(hu[0] * 10 - 1000, AFFINE), lungs, shift)


def test_points_lie_in_the_lungs_on_the_plane_with_the_most(atlas):
    plane = atlas_plane(atlas, 4.0)
    voxels = plane.points_mm / 4
    np.testing.assert_allclose(voxels[:, 1], 9)
    assert (atlas.lungs[tuple(np.rint(voxels).astype(int).T)] > 0).all() and np.abs(plane.locations).max() <= 1
    picture = plane.picture(plane.points_mm[:, 0])
    assert picture.shape == plane.shape and np.nanmax(np.diff(picture, axis=1)) < 0, "right comes first"
    heights = plane.picture(plane.points_mm[:, 2])
    assert np.nanmin(np.diff(heights, axis=0)) > 0, "rows go upwards"


def test_a_scan_is_sampled_where_the_points_lie(atlas, scan):
    plane = atlas_plane(atlas, 4.0)
    picture = plane.sample(scan.volume.array, scan.volume.affine, scan.to_atlas)
    expected = (plane.points_mm[:, 0] + 8) / 4 * 10 - 1000
    np.testing.assert_allclose(picture[plane.rows, plane.columns], expected, atol=1e-2)
    finer = plane.sample(scan.volume.array, scan.volume.affine, scan.to_atlas, finer=2)
    assert finer.shape == (2 * plane.shape[0], 2 * plane.shape[1])
    np.testing.assert_allclose(finer.reshape(plane.shape[0], 2, plane.shape[1], 2).mean(axis=(1, 3))[3:-3, 3:-3],
                               picture[3:-3, 3:-3], atol=1e-2)  # fmt: skip


def test_features_are_the_encoder_at_each_place(atlas, scan):
    torch.manual_seed(0)
    encoder = Encoder(rep_dim=8, num_experts=2).eval()
    encoder.description = {"patch_size": 8}
    plane = atlas_plane(atlas, 24.0)
    patches = cut_at(scan, plane.points_mm, 8)
    found = plane_features(encoder, [patches, patches[::-1].copy()], plane.locations)
    assert found.shape == (2, len(plane.points_mm), 8)
    with torch.no_grad():
        view = center_views(torch.from_numpy(patches[1]), 8)[None, None]
        expected = encoder(view, torch.from_numpy(plane.locations[1]))[0]
    np.testing.assert_allclose(found[0, 1], expected, rtol=1e-3, atol=1e-4)


def test_the_click_is_on_the_most_disease_in_volume(atlas, scan, tmp_path):
    plane = atlas_plane(atlas, 12.0)
    patches = cut_at(scan, plane.points_mm, 4)
    measured = point_measures(scan, plane.points_mm, patches, tmp_path / "none.nii.gz")
    assert measured.emphysema is None and (measured.lung == 1).all()
    share = np.zeros(len(patches), np.float32)
    share[2], share[3], share[4] = 60, 50, np.nan
    lung = np.ones(len(patches), np.float32)
    lung[2] = 0.2  # a large share of hardly any lung
    assert clicked_point(measured._replace(emphysema=share, lung=lung)) == 3


def test_points_apart_share_nothing(atlas):
    plane = atlas_plane(atlas, 8.0)
    apart = plane.apart_from(0, 16.0)
    assert not apart[0] and (apart == (np.abs(plane.points_mm - plane.points_mm[0]).max(axis=1) >= 16)).all()
    assert apart.any()


def test_cosine_of_nothing_is_nothing():
    found = cosine_similarity(np.array([[2.0, 0], [0, 3], [-1, 0], [0, 0]]), np.array([5.0, 0]))
    np.testing.assert_allclose(found, [1, 0, -1, 0])
