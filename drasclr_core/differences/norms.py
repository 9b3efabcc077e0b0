"""What batch norm remembers of the order of landmarks, and what it tells of a batch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model import Encoder
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain.sampling import LandmarkSampler
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.statistics import estimate_statistics


class NoisyStore:
    """Patches of pure noise, int16 HU: landmarks differ in density, and subjects a little."""

    def __init__(self, landmarks: int, subjects: int, size: int, seed: int):
        self.sids, self.size, self.seed = [f"S{number}" for number in range(subjects)], size, seed
        self.density = np.linspace(-950, -350, landmarks)
        self.offset = np.random.default_rng([seed, 0]).normal(0, 30, subjects)

    def read(self, landmark: int, subjects: np.ndarray) -> np.ndarray:
        random = np.random.default_rng([self.seed, 1, landmark, *map(int, subjects)])
        level = (self.density[landmark] + self.offset[subjects])[:, None, None, None]
        return (level + random.normal(0, 80, (len(subjects), *(self.size,) * 3))).astype(np.int16)


def running_statistics(seed: int, landmarks: int = 10, subjects: int = 64, batch: int = 8, size: int = 8) -> dict:
    """Follows the running mean of the first batch norm while landmarks are visited.

    Returns
    -------
    dict
        ``fixed order`` and ``random order``, float [steps]: the running mean of a channel, as its distance from the
        mean over the whole lung in standard deviations; ``estimated``, the same number after `estimate_statistics`.
    """
    store, result = NoisyStore(landmarks, subjects, size, seed), {}
    locations = torch.linspace(-1, 1, landmarks)[:, None].expand(-1, 3).contiguous()
    blocks = np.array_split(np.arange(subjects), subjects // batch)
    orders = {
        "fixed order": [(landmark, block) for landmark in range(landmarks) for block in blocks],
        "random order": list(LandmarkSampler(landmarks, subjects, batch, landmark_run_length=1, seed=seed).epoch(0)),
    }
    for name, order in orders.items():
        encoder = _encoder(seed)
        channel, mean, spread = _whole_lung(encoder, store, locations)
        result[name] = []
        for landmark, people in order:
            views = center_views(torch.from_numpy(store.read(landmark, people)), size)[:, None]
            with torch.no_grad():
                encoder(views, locations[landmark])
            result[name].append(float((encoder.blocks[0].norm.running_mean[channel] - mean) / spread))
    estimate_statistics(encoder, store, locations, size, seed, batches=16)
    result["estimated"] = float((encoder.blocks[0].norm.running_mean[channel] - mean) / spread)
    return result


@torch.no_grad()
def trained_and_used(seed: int, landmarks: int = 10, subjects: int = 256, batch: int = 128, size: int = 8) -> dict:
    """Measures how far the function that is used after training is from the one that was trained.

    Returns
    -------
    dict of str to float
        For the authors' running statistics, statistics pooled over the whole lung, and each landmark's own: root mean
        square of h in a training batch of its landmark minus h after training, in standard deviations of h over
        subjects; mean over landmarks.
    """
    store, result = NoisyStore(landmarks, subjects, size, seed), {}
    locations = torch.linspace(-1, 1, landmarks)[:, None].expand(-1, 3).contiguous()
    halves = np.array_split(np.random.default_rng(seed).permutation(subjects), subjects // batch)
    views = [[center_views(torch.from_numpy(store.read(landmark, half)), size)[:, None] for half in halves]
             for landmark in range(landmarks)]  # fmt: skip
    encoder = _encoder(seed)  # in training it is the same function, whatever it keeps of the statistics of batches
    trained = [
        torch.cat([encoder(part, place) for part in parts]) for parts, place in zip(views, locations, strict=True)
    ]
    own = _encoder(seed, "landmark", landmarks)
    for name, used in (("running, as the authors'", encoder), ("pooled over the lung", encoder), ("own", own)):
        if name.startswith("running"):
            used.eval()
        else:
            estimate_statistics(used, store, locations, size, seed, batches=16)
        outputs = [used(torch.cat(parts), place) for parts, place in zip(views, locations, strict=True)]
        result[name] = float(np.mean([apart(a, b) for a, b in zip(trained, outputs, strict=True)]))
    return result


def apart(trained: Tensor, used: Tensor) -> float:
    """Returns the root mean square of h after training minus h in training, both [B, C], in standard deviations."""
    return float((trained - used).square().mean().sqrt() / trained.std(dim=0).square().mean().sqrt())


def told_by_statistics(
    seed: int, key_splits: int = 1, fresh: bool = False, subjects: int = 32, batches: int = 64
) -> float:
    """Measures how often a query's key is found by nothing but its batch's statistics.

    Half of each patch is noise, whose level differs between subjects, half is air. The air is the same in all
    patches; behind convolution and batch norm its values depend on the batch only. They say nothing of the subject, so
    whoever finds keys by them has learnt nothing of tissue.

    Parameters
    ----------
    seed : int
    key_splits : int
        Parts in which the keys of a batch go through batch norm, dealt out at random (see `BatchShard`).
    fresh : bool
        Whether the other keys of the query's batch are candidates too, or only keys of other batches.

    Returns
    -------
    float
        Mean over all queries; with n equally good candidates a key is found once in n times.
    """
    block, random = _encoder(seed).blocks[0], torch.Generator().manual_seed(seed)
    queries, keys = [], []
    for number in range(batches):
        level = torch.randn(subjects, generator=random) * 0.2
        order = np.random.default_rng([seed, number]).permutation(subjects)
        shard = BatchShard.of(subjects, key_splits=key_splits, order=order)
        queries.append(_air(block, _noise_and_air(level, random)))
        parts = torch.cat([_air(block, _noise_and_air(level[part], random)) for part in shard.key_parts])
        keys.append(parts[np.argsort(shard.key_rows)])
    queries, keys = torch.stack(queries), torch.stack(keys)  # [batches, subjects, channels]
    found = []
    for number in range(batches):
        away = torch.arange(batches) != number
        away = keys[away, torch.arange(batches - 1) % subjects]  # one old key of every other batch
        for subject in range(subjects):
            own, others = keys[number, subject], keys[number, torch.arange(subjects) != subject]
            candidates = torch.cat([own[None], away, others] if fresh else [own[None], away])
            distance = (candidates - queries[number, subject]).norm(dim=1)
            best = distance <= distance.min() + 1e-6
            found.append(float(best[0]) / float(best.sum()))
    return float(np.mean(found))


def _encoder(seed: int, norm: str = "batch", landmarks: int = 0) -> Encoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoder(rep_dim=8, num_experts=2, norm=norm, landmarks=landmarks).train()


@torch.no_grad()
def _whole_lung(encoder: Encoder, store: NoisyStore, locations: Tensor) -> tuple[int, Tensor, Tensor]:
    """Returns the first convolution's channel that differs most between landmarks, its mean and standard deviation."""
    people, conv = np.arange(len(store.sids)), encoder.blocks[0].conv
    outputs = [conv(center_views(torch.from_numpy(store.read(landmark, people)), store.size)[:, None], location)
               for landmark, location in enumerate(locations)]  # fmt: skip
    by_channel = torch.stack(outputs).transpose(1, 2).flatten(2)  # [L, C, values]
    mean, spread = by_channel.mean(dim=(0, 2)), by_channel.std(dim=(0, 2))
    channel = int((by_channel.mean(dim=2).std(dim=0) / spread).argmax())
    return channel, mean[channel], spread[channel]


def _noise_and_air(level: Tensor, random: torch.Generator, size: int = 8) -> Tensor:
    views = level[:, None, None, None, None] + 0.1 * torch.randn(len(level), 1, size, size, size, generator=random)
    views[..., size // 2 :] = -1.0
    return views


@torch.no_grad()
def _air(block, views: Tensor) -> Tensor:
    """Returns the channels [B, C] of a voxel that has only air around it."""
    middle, deep = views.shape[2] // 2, views.shape[-1] - 2
    return block(views, torch.zeros(3))[:, :, middle, middle, deep]
