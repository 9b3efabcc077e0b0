"""The names that others import, with the arguments and results that they were promised."""

import inspect

import numpy as np
import pytest

from drasclr_core.anatomy.atlas import Atlas, AtlasAffine, build_atlas, landmark_grid, register_affine
from drasclr_core.anatomy.lungs import segment_lungs
from drasclr_core.anatomy.quality import Quality, assess
from drasclr_core.imaging.volume import Volume, load_volume, save_mask, save_volume

from ..imaging.scan_files import whole_chest


def arguments(function):
    """Names and defaults of a function's arguments."""
    found = inspect.signature(function).parameters.values()
    return {one.name: None if one.default is one.empty else one.default for one in found}


def test_arguments():
    assert arguments(load_volume) == {"path": None, "spacing": 1.0}
    assert arguments(segment_lungs) == {"volume": None}
    assert arguments(landmark_grid) == {"mask": None, "patch_size": 32, "step": 26, "coverage": 0.1}
    assert arguments(register_affine) == {"lungs_path": None, "atlas_path": None, "mode": "fast", "seed": 0}


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scan")
    save_volume(folder / "scan.nii.gz", whole_chest())
    volume = load_volume(folder / "scan.nii.gz", spacing=4.0)
    lungs = segment_lungs(volume)
    save_mask(folder / "lungs.nii.gz", lungs, volume.affine)
    return folder, volume, lungs


def test_from_a_file_to_landmarks_and_a_verdict(scan):
    folder, volume, lungs = scan
    assert isinstance(volume, Volume) and volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.affine[:3, :3], np.diag([4.0] * 3))
    assert lungs.shape == volume.array.shape and set(np.unique(lungs)) == {0, 1, 2}
    corners = landmark_grid(lungs, patch_size=8, step=7)
    assert corners.dtype.kind == "i" and corners.shape[1:] == (3,) and len(corners) > 50
    to_atlas = register_affine(folder / "lungs.nii.gz", folder / "lungs.nii.gz")
    assert isinstance(to_atlas, AtlasAffine)
    atlas = build_atlas(lungs, volume.affine, step_mm=28.0)
    assert isinstance(atlas, Atlas)
    moved = to_atlas.to_subject(atlas.centres)
    np.testing.assert_allclose(moved, atlas.centres, atol=2)  # with itself
    np.testing.assert_allclose(to_atlas.to_atlas(moved), atlas.centres, atol=1e-6)
    for quality in (assess(volume, lungs), assess(volume, lungs, to_atlas, atlas)):
        assert isinstance(quality, Quality) and quality.verdict == "ok" and quality.reasons == []
