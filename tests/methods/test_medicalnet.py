"""MedicalNet: it learns to segment from true anatomy, or takes published weights as they are."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage

from drasclr_core.imaging.masks import dice
from drasclr_core.methods import load_encoder
from drasclr_core.methods.medicalnet import (
    IGNORED,
    MedicalNet,
    MedicalNetSettings,
    lung_dice,
    pretext_pictures,
    seen_classes,
)
from drasclr_core.model.resnet import Med3DEncoder
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.setup import build_method
from drasclr_core.pretrain.views import step_generator

from ..pretrain.interrupted import assert_resumes
from .volumes import make_volumes

VIEWS = Augmentation(16, 16.0, translate_mm=16.0, noise_p=0, contrast_p=0)
CONFIG = MedicalNetSettings(cube=16, epochs=4, batch_size=4, width=4, augmentation=VIEWS, threads=1, accelerator="cpu",
                            log_every=1, save_every_s=0.0)  # fmt: skip


def changed(**values):
    return MedicalNetSettings(**{name: getattr(CONFIG, name) for name in CONFIG.__dataclass_fields__} | values)


def test_published_values_are_the_defaults():
    made = MedicalNet.configure(48, 5.0, {"settings": {}})
    assert (made.lr, made.momentum, made.weight_decay, made.epochs) == (0.1, 0.9, 1e-3, 200)
    assert (made.augmentation.noise_p, made.augmentation.contrast_p) == (0, 0)
    assert MedicalNet.rate(None, 2, 0.5) == pytest.approx(0.99 * 0.99)
    with pytest.raises(ValueError, match=r"noise_p is always 0\.0 in medicalnet"):
        MedicalNet.configure(48, 5.0, {"settings": {"noise_p": 0.5}})


def test_it_learns_to_find_the_lungs(tmp_path):
    store = make_volumes(tmp_path)
    log = pretrain(store, store.place, tmp_path / "out", MedicalNet, changed(epochs=10, width=8))
    assert len(log) == 20
    assert log["loss_segmentation"][-4:].mean() < log["loss_segmentation"][0] - 1
    assert log["dice_lungs"][-4:].mean() > max(0.6, log["dice_lungs"][0] + 0.2)
    assert load_encoder(tmp_path / "out").sees == "volumes"


def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(tmp_path, monkeypatch):
    store = make_volumes(tmp_path)
    assert_resumes(lambda: (store, store.place), MedicalNet, CONFIG, 5, tmp_path, monkeypatch)


def test_classes_turn_with_the_scan():
    """Compared with scipy: the same affine map, nearest voxel, and beyond the cube the class that is ignored."""
    random = np.random.default_rng(0)
    classes = ndimage.zoom(random.integers(0, 15, (4, 4, 4)), 4, order=0).astype(np.uint8)
    matrices = VIEWS.draw_affine(3, step_generator(0, 0, 0))
    seen = seen_classes(torch.from_numpy(np.stack([classes] * 3)), matrices, 16)
    assert seen.shape == (3, 4, 4, 4)
    for matrix, view in zip(matrices.numpy().astype(float), seen.numpy(), strict=True):
        middle = np.full(3, 7.5)
        offset = middle + matrix[:, 3] - matrix[:, :3] @ middle + 4
        whole = ndimage.affine_transform(np.pad(classes + 1.0, 4), matrix[:, :3], offset, (16, 16, 16), order=0)
        expected = whole.astype(int)[2::4, 2::4, 2::4] - 1
        assert (view == expected).mean() > 0.95, "only ties are rounded otherwise"
    assert (seen == IGNORED).any() and seen.max() < 15


def test_places_beyond_the_cube_teach_nothing(tmp_path):
    store = make_volumes(tmp_path)
    method, shard = build_method(MedicalNet, CONFIG, store.place), BatchShard.whole(4)
    batch = Batch(0, np.arange(4))
    views = method.views(method.read(store, batch, shard), step_generator(0, 0, 0), shard)
    loss, _ = method.step(batch, views, shard)
    logits = method.network(views.scans).log_softmax(dim=1)
    by_hand = [-logits[b, c, x, y, z].item() for (b, x, y, z), c in np.ndenumerate(views.classes.numpy()) if c >= 0]
    assert loss.item() == pytest.approx(np.mean(by_hand), rel=1e-4)


def test_dice_of_the_lungs_is_that_of_their_masks():
    random = np.random.default_rng(0)
    answer, true = random.integers(0, 15, (2, 2, 6, 6, 6))
    true[random.random(true.shape) < 0.2] = IGNORED
    known = true != IGNORED
    expected = dice(((answer >= 1) & (answer <= 5))[known], ((true >= 1) & (true <= 5))[known])
    assert lung_dice(torch.from_numpy(answer), torch.from_numpy(true)).item() == pytest.approx(expected)
    nothing = torch.zeros(1, 2, 2, 2, dtype=torch.long)
    assert lung_dice(nothing, nothing) == 0


def test_a_process_sees_its_part_of_the_views(tmp_path):
    store, batch = make_volumes(tmp_path), Batch(0, np.array([3, 1, 4, 0]))
    method = build_method(MedicalNet, CONFIG, store.place)
    whole = BatchShard.whole(4)
    everything = method.views(method.read(store, batch, whole), step_generator(0, 0, 0), whole)
    for rank in range(2):
        shard = BatchShard.of(4, rank, 2)
        part = method.views(method.read(store, batch, shard), step_generator(0, 0, 0), shard)
        assert torch.equal(part.scans, everything.scans[shard.rows])
        assert torch.equal(part.classes, everything.classes[shard.rows])


def test_without_truth_it_asks_for_weights(tmp_path):
    store = make_volumes(tmp_path)
    with pytest.raises(ValueError, match=r"nothing to learn from. Of 8 of 8 subjects of copd.*published weights"):
        MedicalNet.prepare(store, CONFIG)
    MedicalNet.prepare(store, changed(weights="resnet_10.pth"))


def test_published_weights_are_taken_as_they_are(tmp_path):
    store, path = make_volumes(tmp_path), tmp_path / "secret place" / "resnet_10.pth"
    path.parent.mkdir()
    theirs = Med3DEncoder(10, 4)
    theirs(torch.randn(4, 1, 16, 16, 16))  # running statistics of its own
    state = theirs.network.state_dict()
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, path)
    labels = pd.DataFrame({"level": np.arange(8.0)})
    log = pretrain(store, store.place, tmp_path / "out", MedicalNet, changed(weights=str(path)), labels)
    assert log.empty and "loss_segmentation" in log
    ours = load_encoder(tmp_path / "out")
    assert all(torch.equal(tensor, state[name]) for name, tensor in ours.network.state_dict().items())
    config = (tmp_path / "out" / "config.json").read_text()
    assert "secret place" not in config and len(json.loads(config)["config"]["weights"]) == 12


def test_pictures_of_the_task_are_scan_and_classes(tmp_path):
    store = make_volumes(tmp_path, subjects=2)
    stored, classes = torch.from_numpy(store.read(0, [0, 1])), torch.from_numpy(store.read_classes([0, 1]))
    pictures = pretext_pictures(stored, CONFIG, step_generator(0, 0, 0), classes)
    assert list(pictures) == ["scan", "classes"]
    assert pictures["scan"].shape == (2, 16, 16, 16) and pictures["scan"].min() >= -1
    assert pictures["classes"].dtype == torch.int64 and pictures["classes"].unique().tolist() == [0, 1, 2, 3, 4, 5]
    assert list(pretext_pictures(stored, CONFIG, step_generator(0, 0, 0))) == ["scan"]
