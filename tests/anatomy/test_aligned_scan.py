"""A scan and where its voxels lie in the atlas."""

import numpy as np
import pytest

from drasclr_core.anatomy.aligned_scan import read_aligned_scan
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.imaging.volume import Volume, save_mask, save_volume
from drasclr_core.run import Run


def test_voxels_in_the_atlas(tmp_path):
    run, to_mm, to_subject = Run(str(tmp_path / "run")), np.diag([4.0, 4.0, 4.0, 1.0]), np.diag([2.0, 1.0, 0.5, 1.0])
    to_mm[:3, 3], to_subject[:3, 3] = [-30, 5, 2], [4, 0, -8]
    array = np.random.default_rng(0).normal(-800, 30, (16, 14, 15)).astype(np.float32)
    array[:, 0] = 40.0  # a wall, without which the reader would not take it for a chest
    lungs = np.zeros(array.shape, np.uint8)
    lungs[3, 5, 6] = 1
    save_volume(run.images / "S1.nii.gz", Volume(array, to_mm))
    save_mask(run.anatomy("S1") / "lungs.nii.gz", lungs, to_mm)
    AtlasAffine(to_subject).save(run.anatomy("S1") / "affine.json")
    scan = read_aligned_scan(run, "S1", run.images / "S1.nii.gz", 4.0)
    voxel = np.argwhere(scan.lungs)
    assert voxel.tolist() == [[3, 5, 6]] and scan.volume.array.shape == array.shape
    # (-18, 25, 26) mm in the scan
    np.testing.assert_allclose(scan.voxels_in_atlas(voxel), [[-11.0, 25.0, 68.0]])


def test_a_subject_without_alignment_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"S2: no affine.*04_registration"):
        read_aligned_scan(Run(str(tmp_path / "run")), "S2", "S2.nii.gz", 4.0)
