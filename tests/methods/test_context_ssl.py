"""Context SSL: it learns at both levels in turn, goes on where it was, and what it keeps can be used."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import train_detector
from drasclr_core.methods import context_ssl, load_encoder
from drasclr_core.methods.context_ssl import ContextSSL, ContextSSLSettings, pretext_pictures
from drasclr_core.pretrain import Augmentation, BatchShard, pretrain, step_generator
from drasclr_core.pretrain.setup import build_method
from drasclr_core.represent import untrained_encoder

from ..detect.conftest import boxes_of
from ..pretrain.conftest import make_tiny
from ..pretrain.interrupted import assert_resumes

TESTS = Path(__file__).parents[1]

SETTINGS = ContextSSLSettings(
    epochs=3, batch_size=8, width=16, dim=8, bank_size=8, graph_bank_size=8, graph_epochs=1, graph_batch_size=8,
    landmarks_per_step=2, landmark_run_length=2, fresh_negatives=True, max_key_age=4, key_momentum=0.9, lr=0.1,
    augmentation=Augmentation(size=8, spacing_mm=4.0, contrast_p=0.0), threads=1, accelerator="cpu", log_every=1,
    save_every_s=1e9,
)  # fmt: skip


def steps(number, settings=SETTINGS, subjects=8):
    """The method after its first steps, and the loss of each."""
    store, atlas = make_tiny(subjects=subjects)
    method = build_method(ContextSSL, settings, atlas)
    optimizer, losses = method.optimizer(), []
    sampler = method.sampler(subjects, 1)
    every = [batch for epoch in range(settings.epochs) for batch in sampler.epoch(epoch)]
    for index, batch in enumerate(every[:number]):
        shard = BatchShard.whole(len(batch.subjects))
        views = method.views(method.read(store, batch, shard), step_generator(0, 0, index), shard)
        loss, _ = method.step(batch, views, shard)
        optimizer.zero_grad()
        loss.backward()
        before = {name: tensor.clone() for name, tensor in method.named_parameters() if tensor.requires_grad}
        optimizer.step()
        losses.append((batch.whole, loss.item(), before))
    return method, losses


def test_both_losses_fall_in_twenty_steps(tmp_path):
    """10 epochs of one step of patches, at all 4 landmarks, and one of whole subjects."""
    settings = replace(SETTINGS, epochs=10, batch_size=16, graph_batch_size=16, bank_size=16, graph_bank_size=16,
                       landmarks_per_step=4)  # fmt: skip
    log = pretrain(*make_tiny(subjects=16), tmp_path, ContextSSL, settings)
    assert len(log) == 20
    assert abs(log["loss_patch"][0] - np.log(16)) < 0.8
    assert log["loss_patch"][15:].mean() < np.log(16) - 0.4
    assert log["loss_graph"][0] == pytest.approx(np.log(16), abs=1e-5), "before the first step of the graph: guessing"
    assert log["loss_graph"][15:].mean() < np.log(16) - 0.4
    assert np.isfinite(log.to_numpy()).all()


@pytest.mark.parametrize("stop", [2, 4])
def test_an_interrupted_run_ends_bit_for_bit_like_an_uninterrupted_one(stop, tmp_path, monkeypatch):
    """Interrupted among patches, or after steps of whole subjects; an epoch has 2 steps of patches and 1 of them."""
    assert_resumes(make_tiny, ContextSSL, replace(SETTINGS, save_every_s=0.0), stop, tmp_path, monkeypatch)


def test_each_level_trains_its_own_weights():
    method, done = steps(6)
    assert [whole for whole, *_ in done] == [False, False, True] * 2
    for (whole, _, before), (_, _, after) in pairwise(done):
        moved = {name for name in before if not torch.equal(before[name], after[name])}
        assert moved, "nothing was trained"
        graph = {name for name in moved if name.startswith(("encoder.graph", "graph_"))}
        assert graph == (moved if whole else set())
    assert method.encoder.patch.cnn.training, "it is left in training mode"


def test_the_losses_are_cross_entropies_over_the_banks():
    """InfoNCE of both levels, from banks and networks by hand."""
    method, _ = steps(3)
    store, _ = make_tiny(subjects=8)
    settings, others = method.settings, [batch for batch in method.sampler(8, 1).epoch(1)]
    for batch in (others[0], others[2]):
        shard = BatchShard.whole(8)
        views = method.views(method.read(store, batch, shard), step_generator(0, 1, 0), shard)
        if batch.whole:
            made = method.contrast_subjects(batch, views, shard)
            bank, places = method.graph_bank, [0]
        else:
            made = method.contrast_patches(batch, views, shard)
            bank, places = method.bank, batch.landmarks.tolist()
        query, key = (tensor.reshape(-1, 8, settings.dim) for tensor in (made.query, made.key))
        torch.testing.assert_close(query.norm(dim=-1), torch.ones(query.shape[:2]))
        losses = []
        for place, one, other in zip(places, query, key, strict=True):
            keys, age = bank.keys[place], bank.age(place)
            for row, subject in enumerate(batch.subjects):
                fair = keys[(bank.subjects[place] != subject) & (age <= settings.max_key_age)]
                logits = torch.cat([one[row] @ other[row, :, None], fair @ one[row]]) / settings.temperature
                losses.append(F.cross_entropy(logits[None], torch.tensor([0])))
        torch.testing.assert_close(made.losses(settings.temperature)[0], torch.stack(losses).mean())


def test_nodes_are_features_of_every_patch_by_the_running_statistics():
    method, _ = steps(3)
    views = torch.rand(4 * 8, 1, 8, 8, 8) * 2 - 1
    nodes = method.nodes(views, 8)
    encoder = method.encoder.eval()
    for landmark, patches in enumerate(views.split(8)):
        torch.testing.assert_close(nodes[:, landmark], encoder(patches, method.locations[landmark])[:, :16])
    assert not nodes.requires_grad


def test_nodes_by_landmark_norm_are_normalised_at_each_landmark(monkeypatch):
    """As the CNN does in training, however many landmarks are embedded at once."""
    method, _ = steps(3, replace(SETTINGS, norm="landmark"))
    views = torch.rand(4 * 8, 1, 8, 8, 8) * 2 - 1
    alone = [
        method.encoder(patches, place)[:, :16] for patches, place in zip(views.split(8), method.locations, strict=True)
    ]
    for part in (8, 16, 1024):
        monkeypatch.setattr(context_ssl, "PART", part)
        torch.testing.assert_close(method.nodes(views, 8), torch.stack(alone, dim=1).detach())


@pytest.mark.parametrize("norm", ["batch", "landmark"])
def test_the_untrained_and_the_kept_encoder_take_images(norm, tmp_path):
    store, atlas = make_tiny()
    pretrain(store, atlas, tmp_path, ContextSSL, replace(SETTINGS, epochs=1, norm=norm))
    encoder = load_encoder(tmp_path)
    assert encoder.rep_dim == 19 and encoder.landmarks == 4 and encoder.norm == norm
    untrained = untrained_encoder(encoder, store, seed=1)
    features = np.random.default_rng(0).normal(size=(3, 4, 19)).astype(np.float32)
    images = [one.image_features(features) for one in (encoder, untrained)]
    assert images[0].shape == images[1].shape == (3, 16) and not np.allclose(*images)
    for one in (encoder, untrained):
        assert one.graph.norm.running_mean.abs().sum() > 0
        assert untrained.edges == encoder.edges == [[0, 1], [0, 2], [1, 3], [2, 3]]


def test_statistics_between_landmarks_are_no_nodes_of_the_graph(tmp_path):
    """Three voxels apart, landmarks lie so near that places between them are measured too."""
    settings = replace(SETTINGS, norm="landmark", epochs=1)
    store, atlas = make_tiny(landmarks=8)
    grid = np.stack(np.meshgrid(*[[-0.06, 0.06]] * 3, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
    atlas.locations, atlas.centres = grid, 100.0 * grid
    pretrain(store, atlas, tmp_path, ContextSSL, settings)
    encoder = load_encoder(tmp_path)
    assert encoder.places > encoder.landmarks == 8 and len(encoder.interpolation.nodes) == encoder.places
    features = np.random.default_rng(0).normal(size=(3, 8, encoder.rep_dim)).astype(np.float32)
    assert encoder.image_features(features).shape == (3, encoder.width)
    blank = untrained_encoder(encoder, store)
    assert blank.image_features(features).shape == (3, encoder.width)


def test_a_detector_of_it_is_fine_tuned(tmp_path):
    """Every weight of the CNN moves; those of the graph, which no patch goes through, stay."""
    pretrain(*make_tiny(), tmp_path, ContextSSL, replace(SETTINGS, epochs=1))
    encoder, boxes = load_encoder(tmp_path), boxes_of(12)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    config = FinetuneConfig(epochs=1, batch_size=8, views=2, noise_std=0.0, density_hu=0.0)
    about = {"key": "k", "subtype": "centrilobular"}
    detector, log = train_detector(boxes, boxes.rows("centrilobular"), encoder, config, about, None)
    assert np.isfinite(log["loss"]).all()
    detector.save_pretrained(tmp_path / "detector")
    after = Detector.from_pretrained(tmp_path / "detector").encoder.state_dict()
    moved = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    convolutions = {name for name in before if name.endswith("conv.weight")}
    assert convolutions <= moved and not any(name.startswith("graph") for name in moved)


def test_it_is_for_one_process():
    _, atlas = make_tiny()
    with pytest.raises(ValueError, match="one process"):
        build_method(ContextSSL, SETTINGS, atlas).sampler(8, 2)


def test_pictures_show_what_is_contrasted():
    stored = torch.from_numpy(make_tiny()[0].patches[0])
    made = pretext_pictures(stored, SETTINGS, torch.Generator().manual_seed(0))
    again = pretext_pictures(stored, SETTINGS, torch.Generator().manual_seed(0))
    assert list(made) == ["query view", "key view"]
    assert all(one.shape == (8, 8, 8, 8) for one in made.values())
    assert all(torch.equal(made[name], again[name]) for name in made)
    assert not torch.equal(*made.values())


def test_the_published_geometry_has_the_published_networks():
    """Head 131 -> 131 -> 128 on features with the location; 4096 keys; no gradient into the key networks."""
    atlas = SimpleNamespace(
        locations=np.zeros((2, 3)), centres=np.array([[0, 0, 0], [26.0, 0, 0]]), box=[[-1.0] * 3, [1.0] * 3]
    )
    method = ContextSSL(ContextSSLSettings(), atlas)
    assert [tuple(layer.weight.shape) for layer in method.query.head if hasattr(layer, "weight")] == [
        (131, 131),
        (128, 131),
    ]
    assert method.bank.keys.shape == (2, 4096, 128) and method.graph_bank.keys.shape == (1, 4096, 128)
    assert method.encoder.edges == [[0, 1]]
    keys = [*method.key.parameters(), *method.graph_key.parameters()]
    assert not any(parameter.requires_grad for parameter in keys)
