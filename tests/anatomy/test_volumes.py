"""Whole lungs as cubes: the box round the lungs, kept, with the true anatomy of a phantom, read like patches."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.volumes.cubes import lung_cube, whole_lung_cubes
from drasclr_core.anatomy.volumes.store import VolumeStore
from drasclr_core.anatomy.volumes.truth import CLASSES, class_cube, true_classes
from drasclr_core.pieces import mark_done
from drasclr_core.pretrain.cache import cached
from drasclr_core.run import Run


def test_a_cube_is_the_box_round_the_lungs():
    array, lungs = np.full((12, 10, 8), 40.0, np.float32), np.zeros((12, 10, 8), np.uint8)
    lungs[2:10, 1:9, 0:4] = 1
    array[2:6, 1:9, 0:4] = -900
    cube = lung_cube(array, lungs, 4)
    assert cube.shape == (4, 4, 4) and cube.dtype == np.int16
    assert (cube[:2] == -900).all() and (cube[2:] == 40).all()


def test_cubes_are_kept_and_made_again_when_the_lungs_change(tmp_path):
    run = Run(str(tmp_path / "run"), "covid")
    array = np.full((12, 12, 12), 30, np.int16)
    array[3:9, 3:9, 3:9] = -850
    array[0] = -1000
    mask = (array == -850).astype(np.uint8)
    run.images.mkdir(parents=True)
    run.anatomy("P0").mkdir(parents=True)
    nib.save(nib.Nifti1Image(array, np.diag([4.0, 4, 4, 1])), run.images / "P0.nii.gz")
    nib.save(nib.Nifti1Image(mask, np.diag([4.0, 4, 4, 1])), run.anatomy("P0") / "lungs.nii.gz")
    mark_done(run.anatomy("P0"), "lungs", "one")
    table = pd.DataFrame({"sid": ["P0"], "image": ["cohort/images/P0.nii.gz"]})
    assert (whole_lung_cubes(run, table, size=4, workers=1) == -850).all()
    kept = run.cohort / "cubes" / "4" / "P0.npy"
    np.save(kept, np.zeros((4, 4, 4), np.int16))
    assert (whole_lung_cubes(run, table, size=4, workers=1) == 0).all()
    mark_done(run.anatomy("P0"), "lungs", "two")
    assert (whole_lung_cubes(run, table, size=4, workers=1) == -850).all()
    with pytest.raises(FileNotFoundError, match="P1: no lung mask"):
        whole_lung_cubes(run, table.assign(sid="P1"), size=4, workers=1)


def test_two_sizes_of_cube_are_kept_side_by_side(tmp_path):
    run, table = one_scan(tmp_path)
    small, large = (whole_lung_cubes(run, table, size, workers=1) for size in (3, 6))
    assert small.shape == (1, 3, 3, 3) and large.shape == (1, 6, 6, 6)
    stamp = (run.cohort / "cubes" / "3" / "P0.npy").stat().st_mtime_ns
    whole_lung_cubes(run, table, 3, workers=1)
    assert (run.cohort / "cubes" / "3" / "P0.npy").stat().st_mtime_ns == stamp


def one_scan(tmp_path):
    """A box of lung, 6 x 4 x 8 voxels of 4 mm, in tissue."""
    run = Run(str(tmp_path / "run"), "covid")
    array = np.full((12, 12, 12), 30, np.int16)
    array[3:9, 4:8, 2:10] = -850
    array[0] = -1000
    run.images.mkdir(parents=True)
    run.anatomy("P0").mkdir(parents=True)
    nib.save(nib.Nifti1Image(array, np.diag([4.0, 4, 4, 1])), run.images / "P0.nii.gz")
    nib.save(
        nib.Nifti1Image((array == -850).astype(np.uint8), np.diag([4.0, 4, 4, 1])), run.anatomy("P0") / "lungs.nii.gz"
    )
    mark_done(run.anatomy("P0"), "lungs", "one")
    return run, pd.DataFrame({"sid": ["P0"], "image": ["cohort/images/P0.nii.gz"]})


def test_a_store_of_cubes_reads_like_patches_of_one_landmark(tmp_path, monkeypatch):
    run, table = one_scan(tmp_path)
    monkeypatch.setattr("drasclr_core.anatomy.volumes.store.accepted_subjects", lambda run: table)
    store = VolumeStore.of(run, 4, workers=1)
    assert store.edges_mm.tolist() == [[24.0, 16.0, 32.0]] and store.spacing == 24 / 4
    assert store.sids == ["P0"] and (store.num_landmarks, store.size) == (1, 4)
    read = store.read(0, np.array([0, 0]))
    assert read.shape == (2, 4, 4, 4) and read.dtype == np.int16 and (read == -850).all()
    assert np.array_equal(store.read(0, ["P0"]), store.read_subject("P0"))
    with pytest.raises(IndexError, match="landmark 1 of 1"):
        store.read(1, [0])
    assert cached(store, limit_gb=9) is store, "its classes can still be read"
    before = store.contents()
    mark_done(run.anatomy("P0"), "lungs", "two")
    assert store.contents() == before
    assert VolumeStore.of(run, 4, workers=1).contents() != before
    with pytest.raises(FileNotFoundError, match=r"1 of 1 subjects of covid nothing says.*P0.*phantoms"):
        store.keep_classes(workers=1)


def test_nobody_accepted_is_said(tmp_path, monkeypatch):
    run, table = one_scan(tmp_path)
    monkeypatch.setattr("drasclr_core.anatomy.volumes.store.accepted_subjects", lambda run: table[:0])
    with pytest.raises(ValueError, match="No scan of covid is accepted yet: run notebooks 02 to 04"):
        VolumeStore.of(run, 4)


def test_what_stands_for_the_atlas_is_one_place(tmp_path):
    store = VolumeStore(Run(str(tmp_path / "run")), ["A", "B"], 4, [[200, 100, 300], [400, 300, 100]])
    place = store.place
    assert place.subjects == 2 and place.locations.shape == place.centres.shape == (1, 3)
    assert np.array_equal(place.box, [[-150, -100, -100], [150, 100, 100]])
    assert place.neighbors(0).shape == (1, 0)
    with pytest.raises(ValueError, match="2 neighbours asked of whole lungs"):
        place.neighbors(2)


def test_classes_lie_where_the_cube_shows_them():
    """On another grid than the scan's: a class for every half of a box, told by the density of the same place."""
    classes = np.zeros((40, 30, 50), np.uint8)
    classes[10:20, 8:24, 12:40], classes[20:30, 8:24, 12:40] = 1, 5
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = 0.5, -0.5, 0.5
    coarse = np.diag([4.0, 4, 4, 1])
    coarse[:3, 3] = 1.5, 0.5, 1.5  # each voxel covers eight fine ones
    lungs = (classes.reshape(20, 2, 15, 2, 25, 2).max(axis=(1, 3, 5)) > 0).astype(np.uint8)
    cube = class_cube(classes, affine, lungs, coarse, 10)
    assert cube.shape == (10, 10, 10) and (cube[:5] == 1).all() and (cube[5:] == 5).all()
    hu = np.where(classes.reshape(20, 2, 15, 2, 25, 2)[:, 0, :, 0, :, 0] == 1, -900.0, -500.0)
    assert np.array_equal(cube == 1, lung_cube(hu, lungs, 10) < -700)


def test_every_voxel_has_one_class_and_no_class_is_a_disease():
    rng = np.random.default_rng(0)
    lobes = rng.integers(0, 6, (6, 6, 6)).astype(np.uint8)
    truth = {"lobes": lobes, "lungs": (lobes > 0).astype(np.uint8), "organs": rng.integers(0, 8, lobes.shape)}
    truth |= {name: rng.random(lobes.shape) < 0.1 for name in ("airways", "vessels", "centrilobular")}
    classes = true_classes(truth)
    for name, found in (("right upper", 1), ("aorta", 10), ("airways", 13), ("lung vessels", 14)):
        assert CLASSES[found] == name
    for place in np.ndindex(lobes.shape):
        expected = lobes[place] or (truth["organs"][place] and truth["organs"][place] + 5)
        expected = 13 if truth["airways"][place] else expected
        expected = 14 if truth["vessels"][place] and lobes[place] else expected
        assert classes[place] == expected
    truth["centrilobular"][:] = True
    assert np.array_equal(true_classes(truth), classes)
