"""Brain tumours: what the net sees, regions' Dice, easy tumours that are found, real folders with bad files."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from drasclr_core.cohort.images.datasets import Case, read_brats18, read_mmwhs
from drasclr_core.cohort.images.datasets.brats18 import MODALITIES
from drasclr_core.files import write_csv
from drasclr_core.run import Run
from drasclr_core.transfer import FitSettings, open_tasks
from drasclr_core.transfer.segmentation import Slices, coarser, squared, voxel_size
from drasclr_core.transfer.tasks.brains import BrainTumours, region_dice, standardised
from drasclr_core.transfer.tasks.heart import HeartStructures
from drasclr_core.transfer.tasks.heart_along import HeartStructuresAlong

from .made_up import small_encoder, write_hearts

CLASSES = arrays(np.uint8, (3, 4, 5), elements=st.integers(0, 3))


def write_brats(folder, subjects=7, voxel=3.0):
    """Brains of noise with a block of oedema, a core in it that T1ce shows, and enhancing tumour in the core."""
    rng = np.random.default_rng(0)
    for number in range(subjects):
        sid, labels = f"Brats18_SIM_{number}", np.zeros((14, 16, 9), np.uint8)
        first, second = rng.integers(2, 5, 2)
        for value, size in ((2, 9), (1, 6), (4, 3)):
            labels[first : first + size, second : second + size, 1:8] = value
        brightness = {"flair": {2: 300}, "t1": {1: -80}, "t1ce": {4: 400, 1: -80}, "t2": {1: 250}}
        for part in MODALITIES:
            image = rng.normal(400, 30, labels.shape)
            for value, more in brightness[part].items():
                image[labels == value] += more
            image[:, :1] = 0
            write(folder / "HGG" / sid / f"{sid}_{part}.nii.gz", image.astype(np.int16), voxel)
        write(folder / "HGG" / sid / f"{sid}_seg.nii.gz", labels, voxel)
    return folder


def write(path, array, voxel=3.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.diag([voxel] * 3 + [1.0])), path)


def test_tumours_are_found_where_they_are_easy(tmp_path):
    task = BrainTumours(read_brats18(write_brats(tmp_path / "brains")), "key")
    assert task.subjects[0].images.shape == (9, 4, 16, 16) and task.refused.empty
    torch.manual_seed(0)
    how = FitSettings(steps=60, batch_size=16, lr=3e-3, head_lr=1e-2)
    scores = task.score(small_encoder(), np.arange(5), np.arange(5, 7), how, 0)
    assert list(scores) == list(task.metrics) and min(scores.values()) > 0.5


def test_half_of_what_a_step_sees_holds_a_tumour(tmp_path, monkeypatch):
    task = BrainTumours(read_brats18(write_brats(tmp_path / "brains")), "key")
    for subject in task.subjects:
        subject.classes[2:] = 0  # tumours are in one slice of nine
    shown = []

    def fit(net, encoder, draw, loss, how, seed):
        rng = np.random.default_rng(0)
        shown.extend(int(draw(rng)[1].flatten(1).any(dim=1).sum()) for _ in range(10))

    monkeypatch.setattr("drasclr_core.transfer.segmentation.fit", fit)
    task.score(small_encoder(), np.arange(5), np.arange(5, 7), FitSettings(batch_size=8), 0)
    assert min(shown) >= 4 and sum(shown) < 60


def test_a_folder_of_people_goes_the_same_way_and_bad_files_are_listed(tmp_path):
    folder = write_brats(tmp_path / "MICCAI", 11)
    bad = {number: folder / "HGG" / f"Brats18_SIM_{number}" / f"Brats18_SIM_{number}_{part}.nii.gz"
           for number, part in enumerate(("t1", "t1ce", "t2", "seg", "flair"))}  # fmt: skip
    shape = (14, 16, 9)
    write(bad[0], np.linspace(-1000, 900, 2016).reshape(shape).astype(np.int16))  # CT
    write(bad[1], np.full((14, 16, 1), 7, np.int16))
    write(bad[2], np.ones((14, 16, 8), np.int16))
    write(bad[3], np.full(shape, 3, np.uint8))
    bad[4].unlink()
    found, left_out = open_tasks(Run(str(tmp_path), "copd"), ["brains"], {"brains": str(folder)})
    assert len(found[0].sids) == 6 and not left_out
    told = dict(found[0].refused.to_numpy())
    for number, message in enumerate(("HU of CT, not MR", "single slice", "14 x 16 x 8 voxels", "unknown values",
                                      "no Brats18_SIM_4_flair.nii.gz")):  # fmt: skip
        assert message in told[f"Brats18_SIM_{number}"] and told[f"Brats18_SIM_{number}"].endswith(".")
    bad[5] = folder / "HGG" / "Brats18_SIM_5" / "Brats18_SIM_5_seg.nii.gz"
    bad[5].unlink()
    found, left_out = open_tasks(Run(str(tmp_path), "copd"), ["brains"], {"brains": str(folder)})
    assert not found and left_out["brains"].startswith("5 subjects can be used, and a task takes 6 or more. Brats18_")


def test_only_tasks_with_a_real_data_set_take_a_folder_and_it_has_to_be_there(tmp_path):
    run = Run(str(tmp_path), "copd")
    with pytest.raises(ValueError, match="no task with a real data set 'nodules'"):
        open_tasks(run, ["nodules"], {"nodules": str(tmp_path)})
    with pytest.raises(FileNotFoundError, match=r"none: no such folder\. Give .*MICCAI_BraTS_2018"):
        open_tasks(run, ["brains"], {"brains": str(tmp_path / "none")})
    found, left_out = open_tasks(run, ["brains"])
    assert not found and "Run notebook 50" in left_out["brains"]


@given(CLASSES, CLASSES)
@settings(deadline=None, max_examples=25)
def test_dice_of_regions_equals_its_definition(found, true):
    for name, among in (("whole tumour", (1, 2, 3)), ("tumour core", (1, 3)), ("enhancing tumour", (3,))):
        one, other = np.isin(found, among), np.isin(true, among)
        total = one.sum() + other.sum()
        slow = 2 * (one & other).sum() / total if total else 1.0
        assert region_dice(found, true)[f"Dice {name}"] == pytest.approx(slow)


@given(CLASSES, st.sampled_from([0.9, 1.0, 1.5, 2.0, 3.0, 5.0]))
@settings(deadline=None, max_examples=25)
def test_coarser_voxels_are_means_and_most_frequent_classes(classes, voxel):
    images = np.random.default_rng(0).normal(size=(2, *classes.shape)).astype(np.float32)
    step = {0.9: 3, 1.0: 3, 1.5: 2}.get(voxel, 1)
    made = coarser(Case(images, classes, np.diag([voxel] * 3 + [1.0])))
    np.testing.assert_allclose(made.affine @ [0, 0, 0, 1], [voxel * (step - 1) / 2] * 3 + [1])
    assert made.label.shape == tuple(size // step for size in classes.shape)
    for place in np.ndindex(made.label.shape):
        block = tuple(slice(step * i, step * i + step) for i in place)
        assert made.images[1][place] == pytest.approx(images[1][block].mean(), abs=1e-6)
        counts = np.bincount(classes[block].ravel(), minlength=4)
        there = made.label[place]
        assert counts[there] == counts.max() and not (counts[there + 1 :] == counts.max()).any()


@given(st.tuples(*[st.floats(-44, 44)] * 3), st.tuples(*[st.sampled_from([1.0, 1.5, 3.0, 5.0])] * 3))
@settings(deadline=None, max_examples=25)
def test_voxels_of_an_image_that_lies_askew_have_their_true_size(degrees, spacing):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() @ np.diag(spacing)
    case = Case(np.zeros((1, 12, 12, 12), np.float32), np.zeros((12, 12, 12), np.uint8), affine)
    np.testing.assert_allclose(voxel_size(case), spacing)
    made = coarser(case)
    assert made.label.shape == tuple(12 // {1.0: 3, 1.5: 2}.get(edge, 1) for edge in spacing)
    np.testing.assert_allclose(voxel_size(made), [edge * {1.0: 3, 1.5: 2}.get(edge, 1) for edge in spacing])


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=25)
def test_images_of_unlike_sizes_fill_one_square(sizes):
    rng, edge = np.random.default_rng(0), max(max(size[1:]) for size in sizes)
    for count, rows, columns in sizes:
        classes = rng.integers(0, 4, (count, rows, columns)).astype(np.uint8)
        made = squared(
            Slices(rng.uniform(-1, 1, (count, 2, rows, columns)).astype(np.float32), classes, np.ones(3)), edge
        )
        assert made.images.shape == (count, 2, edge, edge) and made.classes.shape == (count, edge, edge)
        assert (
            np.bincount(made.classes.ravel(), minlength=4)[1:] == np.bincount(classes.ravel(), minlength=4)[1:]
        ).all()
        assert (made.images == -1).all(axis=1).sum() >= count * (edge**2 - rows * columns)


def test_slices_that_are_seen_together_have_to_be_enough(tmp_path):
    folder = write_hearts(tmp_path / "hearts", 7)
    for part, dtype in (("image", np.int16), ("label", np.int16)):
        path = folder / f"ct_train_1003_{part}.nii.gz"
        write(path, np.asarray(nib.load(path).dataobj)[:, :, :6].astype(dtype))
    task = HeartStructuresAlong(read_mmwhs(folder), "key")
    assert len(task.sids) == 6 and "ct_train_1003" not in task.sids
    assert "ct_train_1003_label.nii.gz: 6 slices are fewer than the 8" in task.refused["message"][0]
    assert len(HeartStructures(read_mmwhs(folder), "key").sids) == 7


@given(arrays(np.float32, (4, 5, 6), elements=st.floats(0, 5000, width=32)))
@settings(deadline=None, max_examples=25)
def test_any_brain_is_standardised(image):
    image[0, 0, 0], image[1, 1, 1] = 0, 1000
    made = standardised(image)
    assert np.isfinite(made).all() and np.abs(made).max() <= 1 and (made[image == 0] == -1).all()
    moved = standardised(np.where(image, 3 * image + 40, 0).astype(np.float32))  # MR has no unit
    np.testing.assert_allclose(moved, made, atol=1e-3)


def test_a_widened_encoder_sees_what_all_channels_show():
    encoder, x = small_encoder().eval(), torch.randn(2, 1, 16, 16)
    with torch.no_grad():
        before = encoder.intra.pooled(x)
        encoder.intra.widen(4)
        torch.testing.assert_close(encoder.intra.pooled(x.expand(-1, 4, -1, -1)), before)
        encoder.intra.widen(4)
        changed = encoder.intra.pooled(torch.cat([x, x, x, x + 1], dim=1))
    assert not torch.allclose(changed, before) and encoder.intra.network.conv1.weight.requires_grad


@pytest.mark.parametrize("kind", [HeartStructures, BrainTumours])
def test_only_the_subjects_that_were_made_last_are_a_task(kind, tmp_path):
    run = Run(str(tmp_path / "run"), "copd")
    name, write_data = ("hearts", write_hearts) if kind is HeartStructures else ("brains", write_brats)
    folder = write_data(run.cohort / name, 6)
    before = kind.of(run)
    write_csv(folder / "subjects.csv", pd.DataFrame({"sid": before.sids}))
    assert kind.of(run).key == before.key, "fits of the same subjects are found again"
    write_csv(folder / "subjects.csv", pd.DataFrame({"sid": before.sids[:5]}))
    fewer = kind.of(run)
    assert fewer.sids == before.sids[:5] and fewer.key != before.key
    for path in folder.rglob(f"{before.sids[5]}*.nii.gz"):
        path.write_bytes(b"left by an earlier run")
    again = kind.of(run)
    assert again.key == fewer.key and again.refused.empty
    assert len(kind.of(run, folder).refused) == 1, "of a folder that is given, all count"
