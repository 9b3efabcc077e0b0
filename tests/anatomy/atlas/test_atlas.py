"""The landmark grid is the authors'; locations, neighbours and files keep what they promise."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.anatomy.atlas import (
    Atlas,
    build_atlas,
    choose_atlas,
    landmark_grid,
    read_corners,
    read_stored,
    told_subject,
)
from drasclr_core.imaging.volume import VolumeError, load_mask
from drasclr_core.model.official import official_locations


def ball(radius_mm=80.0, spacing=4.0, axes=(1, 1, 1)):
    """A ball on a grid whose axes may be flipped, with its centre in the array's middle."""
    shape = np.full(3, int(2 * radius_mm / spacing) + 8)
    affine = np.eye(4)
    affine[:3, :3] = np.diag(axes) * spacing
    affine[:3, 3] = [10, -20, 300]
    distance = np.linalg.norm((np.indices(shape).T - (shape - 1) / 2) * spacing, axis=-1).T
    return (distance < radius_mm).astype(np.uint8), affine


@pytest.fixture(scope="module")
def atlas():
    return build_atlas(*ball(), patch_mm=32, step_mm=28)


def test_authors_mask_gives_575_of_their_581(real_data):
    mask, affine = read_stored(real_data / "official_atlas/atlas_lung_mask.nii.gz")
    published = np.load(real_data / "official_atlas/atlas_patch_loc.npy")
    corners = build_atlas(mask, affine).corners
    index = {tuple(corner): place for place, corner in enumerate(published.tolist())}
    places = [index.get(tuple(corner), -1) for corner in corners.tolist()]
    assert len(corners) == 575 and min(places) >= 0
    assert (np.diff(places) > 0).all()
    assert sorted(set(range(581)) - set(places)) == [296, 297, 299, 303, 304, 369]


def test_authors_landmarks_are_used_as_they_are(real_data, tmp_path):
    """All 581, and the locations that their checkpoints were trained with."""
    mask, affine = read_stored(real_data / "official_atlas/atlas_lung_mask.nii.gz")
    published = np.load(real_data / "official_atlas/atlas_patch_loc.npy")
    corners = read_corners(real_data / "official_atlas/atlas_patch_loc.npy")
    build_atlas(mask, affine, scaling="corners", corners=corners).save(tmp_path)
    atlas = Atlas.load(tmp_path)
    assert np.array_equal(atlas.corners, published) and len(atlas.centres) == 581 and atlas.patch_size == 32
    np.testing.assert_allclose(atlas.locations, official_locations(published), atol=1e-6)


def test_given_landmarks_have_to_fit(tmp_path):
    mask, affine = ball()
    with pytest.raises(ValueError, match="1 of 2 given landmarks lie outside"):
        build_atlas(mask, affine, corners=np.array([[0, 0, 0], [0, 0, mask.shape[2]]]))
    for name, content in {"shape": np.zeros((4, 2)), "half": np.full((4, 3), 0.5), "one": np.zeros((1, 3))}.items():
        np.save(tmp_path / f"{name}.npy", content)
        with pytest.raises(ValueError, match=rf"{name}\.npy: .*not whole numbers"):
            read_corners(tmp_path / f"{name}.npy")
    (tmp_path / "text.npy").write_text("sorry")
    for name in ("text.npy", "nobody.npy"):
        with pytest.raises(ValueError, match=rf"{name}: cannot be read"):
            read_corners(tmp_path / name)


def test_authors_mask_turned_to_ras_gives_other_corners(real_data):
    """Why a given atlas is read in its stored order."""
    path = real_data / "official_atlas/atlas_lung_mask.nii.gz"
    stored, affine = read_stored(path)
    turned, _ = load_mask(path)
    assert affine[0, 0] < 0
    assert np.array_equal(stored[::-1], turned)
    assert not np.array_equal(landmark_grid(stored), landmark_grid(turned))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 7), st.floats(0, 0.9))
def test_grid_keeps_exactly_the_covered_patches(seed, size, step, coverage):
    mask = np.random.default_rng(seed).random((13, 11, 9)) < 0.4
    kept = {tuple(corner) for corner in landmark_grid(mask, size, step, coverage)}
    padded = np.pad(mask, [(0, size)] * 3)
    for x in range(0, 13, step):
        for y in range(0, 11, step):
            for z in range(0, 9, step):
                inside = padded[x : x + size, y : y + size, z : z + size].sum()
                assert ((x, y, z) in kept) == (inside > coverage * size**3)


def test_grid_order_is_x_outer_z_inner():
    corners = landmark_grid(np.ones((6, 6, 6)), patch_size=2, step=2)
    assert corners[:4].tolist() == [[0, 0, 0], [0, 0, 2], [0, 0, 4], [0, 2, 0]]


def test_centre_is_the_middle_of_the_patch(atlas):
    voxels = nib.affines.apply_affine(np.linalg.inv(atlas.affine), atlas.centres)
    assert atlas.patch_size == 8
    np.testing.assert_allclose(voxels, atlas.corners + 3.5)


@pytest.mark.parametrize("axes", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1)])
def test_box_of_patches_is_minus_one_to_one_whatever_the_stored_order(axes):
    atlas = build_atlas(*ball(axes=axes), patch_mm=32, step_mm=28)
    size_mm = atlas.patch_size * atlas.spacing
    low, high = atlas.centres.min(0) - size_mm / 2, atlas.centres.max(0) + size_mm / 2
    np.testing.assert_allclose(atlas.scale(np.stack([low, high])), [[-1] * 3, [1] * 3], atol=1e-6)
    assert atlas.locations.dtype == np.float32 and np.abs(atlas.locations).max() < 1
    # A greater RAS coordinate is a greater location.
    assert (np.argmax(atlas.centres, 0) == np.argmax(atlas.locations, 0)).all()


def test_scale_refuses_points_outside_the_box(atlas):
    low = atlas.centres.min(0) - atlas.patch_size * atlas.spacing / 2
    with pytest.raises(ValueError, match="1 of 2 points lie outside"):
        atlas.scale(np.stack([low, low - [0.1, 0, 0]]))


@pytest.mark.parametrize("axes", [(1, 1, 1), (-1, 1, 1)])
def test_the_authors_scaling_counts_corners_along_stored_axes(axes, tmp_path):
    atlas = build_atlas(*ball(axes=axes), patch_mm=32, step_mm=28, scaling="corners")
    np.testing.assert_allclose(atlas.locations, official_locations(atlas.corners), atol=1e-6)
    atlas.save(tmp_path)
    assert np.array_equal(Atlas.load(tmp_path).locations, atlas.locations)
    with pytest.raises(ValueError, match="not by 'lungs'"):
        build_atlas(*ball(), scaling="lungs")


def test_neighbors_are_the_nearest_and_ties_go_by_index(atlas):
    near = atlas.neighbors(2)
    distance = np.linalg.norm(atlas.centres[:, None] - atlas.centres, axis=-1).round(6)
    np.fill_diagonal(distance, np.inf)
    for landmark, row in enumerate(distance):
        expected = sorted(range(len(row)), key=lambda other, row=row: (row[other], other))[:2]
        assert near[landmark].tolist() == expected


def test_neighbors_cannot_be_more_than_there_are(atlas):
    with pytest.raises(ValueError, match="neighbours asked"):
        atlas.neighbors(len(atlas.corners))


def test_saved_and_loaded_in_stored_order(tmp_path):
    atlas = build_atlas(*ball(axes=(-1, 1, 1)), patch_mm=32, step_mm=28)
    atlas.save(tmp_path)
    again = Atlas.load(tmp_path)
    assert np.array_equal(again.lungs, atlas.lungs) and np.array_equal(again.corners, atlas.corners)
    np.testing.assert_allclose(again.affine, atlas.affine)
    np.testing.assert_allclose(again.centres, atlas.centres)


def test_half_written_atlas_is_no_atlas(tmp_path, atlas):
    atlas.save(tmp_path)
    (tmp_path / "atlas.json").unlink()
    with pytest.raises(FileNotFoundError, match="run 03_atlas"):
        Atlas.load(tmp_path)


def test_unusable_masks_are_refused(tmp_path):
    mask, affine = ball()
    with pytest.raises(ValueError, match="cubic voxels"):
        build_atlas(mask, affine @ np.diag([1, 1, 2, 1]))
    with pytest.raises(ValueError, match="Only 0 patches"):
        build_atlas(np.zeros_like(mask), affine)
    (tmp_path / "mask.nii.gz").write_bytes(b"not an image")
    with pytest.raises(VolumeError, match=r"mask\.nii\.gz"):
        read_stored(tmp_path / "mask.nii.gz")


def test_chosen_atlas_is_healthy_with_median_volume():
    volumes, stages = [5.0, 4.0, 6.0, 9.0, 1.0, None], [0, 0, 0, 0, 2, 0]
    table = pd.DataFrame({"sid": list("abcdef"), "volume_l": volumes, "GOLD": stages})
    assert choose_atlas(table) == "a"
    assert choose_atlas(table.drop(columns="GOLD")) == "a"
    assert choose_atlas(table.assign(GOLD=3)) == "a"
    with pytest.raises(ValueError, match="No subject has lungs"):
        choose_atlas(table.assign(volume_l=None))


def test_an_atlas_of_another_stage_must_be_there():
    table = pd.DataFrame({"sid": list("abcd"), "volume_l": [5.0, 4.0, 6.0, 9.0], "GOLD": [0, 3, 3, 3]})
    assert choose_atlas(table, 3) == "c"
    for without in (table[:1], table.drop(columns="GOLD")):
        with pytest.raises(ValueError, match="GOLD stage 3"):
            choose_atlas(without, 3)


def test_the_subject_of_the_atlas_is_healthy_only_where_it_has_gold_0():
    table = pd.DataFrame({"sid": list("abc"), "volume_l": [4.0, 5.0, 6.0], "GOLD": [2.0, 3.0, 4.0]})
    assert told_subject(table, choose_atlas(table)) == "the GOLD 3 subject b"
    assert told_subject(table.assign(GOLD=[1, 0, 2]), "b") == "the healthy subject b"
    for unknown in (table.drop(columns="GOLD"), table.assign(GOLD=np.nan)):
        assert told_subject(unknown, "b") == "the subject b"
