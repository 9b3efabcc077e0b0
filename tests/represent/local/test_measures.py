"""Every patch of a cohort is measured once, with its truth where there is one; mistakes are named."""

from types import SimpleNamespace

import numpy as np
import pytest
import zarr

from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.cohort.phantom.scan.scanner import Scanner
from drasclr_core.cohort.phantom.truth import MASKS, save_truth
from drasclr_core.imaging.volume import Volume, save_mask
from drasclr_core.represent.local import HISTOGRAM, PATCH_LAA, local_measures, patch_sources
from drasclr_core.run import Run

AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
SIDS = ["A", "B"]
SCANNER = Scanner(kernel="soft", blur=1.0, sharpening=0.0, noise=10.0, offset=0.0)


@pytest.fixture
def run(tmp_path):
    """Two subjects of 16^3 voxels with one lung and two landmarks; the first has emphysema at the first landmark."""
    run = Run(str(tmp_path / "run"))
    store = PatchStore.create(run.patches, SIDS, 2, 6, 4.0)
    lungs = np.zeros((16, 16, 16), np.uint8)
    lungs[2:14, 2:14, 2:14] = 1
    for sid in SIDS:
        hu = np.full((2, 6, 6, 6), -850, np.int16)
        truth = {"lungs": lungs, "lobes": lungs, "organs": 0 * lungs} | {name: lungs > 9 for name in MASKS}
        if sid == "A":
            hu[0, 1:3] = -990
            truth["panlobular"] = truth["panlobular"].copy()
            truth["panlobular"][4:6] = True
        store.write(sid, hu)
        save_mask(run.anatomy(sid) / "lungs.nii.gz", lungs, AFFINE)
        run.alignment(sid).mkdir(parents=True, exist_ok=True)
        np.save(run.alignment(sid) / "landmarks.npy", np.array([[22.0, 30, 30], [38, 30, 30]]))
        phantom = SimpleNamespace(truth=truth, volume=Volume(hu, AFFINE), scanner=SCANNER)
        save_truth(run.truth / f"{sid}.nii.gz", phantom)
    return run


def measured(run, sids=SIDS, size=4):
    return local_measures(run, PatchStore.open(run.patches), sids, size, workers=1)


def test_densities_and_truth_of_each_patch(run):
    found = measured(run)
    np.testing.assert_allclose(found.laa950, [[50, 0], [0, 0]])  # half of the central four planes
    np.testing.assert_allclose(found.truth["emphysema"], [[50, 0], [0, 0]])  # planes 4 to 7, of which 4 and 5 are ill
    assert not found.truth["centrilobular"].any() and found.known.all() and (found.lung == 1).all()
    assert (measured(run, ["B"]).laa950 == 0).all()


def test_what_was_measured_is_kept_until_the_patches_change(run):
    before = measured(run)
    store = PatchStore.open(run.patches)
    path = run.cohort / "local" / "A.npz"
    written = path.stat().st_mtime_ns
    measured(run)
    assert path.stat().st_mtime_ns == written
    assert measured(run, size=6).laa950[0, 0] != before.laa950[0, 0]
    assert store.sids == SIDS


def test_scans_of_people_have_no_truth_and_a_lost_truth_is_named(run):
    (run.truth / "B.nii.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"B\.nii\.gz: no truth file"):
        measured(run)
    (run.truth / "A.nii.gz").unlink()
    run.truth.rmdir()
    found = measured(run)
    assert found.truth == {} and found.known.all()


def test_lungs_of_another_voxel_size_are_refused(run):
    save_mask(run.anatomy("B") / "lungs.nii.gz", np.ones((32, 32, 32), np.uint8), np.diag([2.0, 2.0, 2.0, 1.0]))
    with pytest.raises(ValueError, match="B: lungs were found at 2 mm and patches cut at 4 mm"):
        measured(run)


def test_sources_come_in_the_order_of_the_subjects_and_others_are_named(run):
    values = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    for name, shape in (("good", values), ("short", values[:, :1])):
        zarr.save_array(run.features(name) / "patch.zarr", shape)
        zarr.open_array(run.features(name) / "patch.zarr", mode="r+").attrs["sids"] = ["B", "A"]
    run.features("whole").mkdir(parents=True)
    (run.features("whole") / "image.parquet").touch()
    sources, left_out = patch_sources(run, SIDS, measured(run), ["good", "short", "absent", "whole"])
    assert list(sources) == ["good", HISTOGRAM, PATCH_LAA]
    np.testing.assert_array_equal(sources["good"], values[::-1])
    assert "other subjects or landmarks" in left_out["short"] and "run notebook 07_features" in left_out["absent"]
    assert left_out["whole"] == "features/whole are of whole images, not of patches"
    assert sources[PATCH_LAA][0, 0, 0] == 50 and sources[HISTOGRAM].shape == (2, 2, 32)
