"""Statistics of the normalisation layers, estimated after training from un-augmented patches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.model.inputs import center_views
from drasclr_core.model.landmark_norm import LandmarkNorm
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.places import measured_places
from drasclr_core.progress import track

MOST_SUBJECTS = 128  # at one landmark, for landmark norm
BETWEEN = 32  # patches at a place between landmarks
BATCH_NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)


def estimate_statistics(encoder: PatchEncoder, store, locations: Tensor, size: int, seed: int = 0,
                        voxel: np.ndarray | None = None, **how: int) -> None:  # fmt: skip
    """Sets what the normalisation of a trained encoder needs at inference, and leaves the encoder in eval mode.

    Batch norm gets statistics of the whole lung (`pool_statistics`), landmark norm those of each landmark
    (`keep_statistics`); group norm needs none.

    Parameters
    ----------
    encoder : PatchEncoder
        Changed in place.
    store : PatchStore
    locations : Tensor [L, 3]
        On the encoder's device.
    size : int
        Voxels per side of the views.
    seed : int
        Chooses patches.
    voxel : float [3], optional
        Edge of a voxel in locations (see `voxel_in_locations`); without it landmark norm keeps landmarks only.
    how : int
        What else `pool_statistics` takes.
    """
    encoder.train()
    if getattr(encoder, "interpolation", None) is not None:
        keep_statistics(encoder, store, locations, size, seed, voxel)
    elif any(isinstance(module, BATCH_NORMS) for module in encoder.modules()):
        pool_statistics(encoder, store, locations, size, seed, **how)
    encoder.eval()


@torch.no_grad()
def pool_statistics(encoder: PatchEncoder, store, locations: Tensor, size: int, seed: int = 0, batches: int = 64,
                    landmarks: int = 32, subjects: int = 8, shown: bool = True) -> None:  # fmt: skip
    """Replaces the running statistics of every batch norm by those of patches of all landmarks together.

    While training, a batch is of one landmark or a few neighbouring ones, so the running statistics belong to those
    seen last, and hold little variance between landmarks. Here every batch mixes many, and all batches count alike.

    Parameters
    ----------
    batches, landmarks, subjects : int
        How many batches are drawn, of how many landmarks and of how many subjects at each (as far as there are so
        many). The others as in `estimate_statistics`.
    shown : bool
        Whether there is a progress bar.
    """
    random = np.random.default_rng([seed, 1])
    landmarks, subjects = min(landmarks, len(locations)), min(subjects, len(store.sids))
    with renewed_statistics(encoder):
        for _ in track(range(batches), "Batch-norm statistics", shown=shown):
            chosen = random.choice(len(locations), landmarks, replace=False)
            patches = [store.read(int(landmark), random.choice(len(store.sids), subjects, replace=False))
                       for landmark in chosen]  # fmt: skip
            views = center_views(torch.from_numpy(np.concatenate(patches)), size)[:, None]
            encoder(views.to(locations.device), LocationGroups(locations[chosen], [subjects] * landmarks))


@contextmanager
def renewed_statistics(network: nn.Module) -> Iterator[None]:
    """Every batch norm forgets its running statistics, and takes those of what the network, in training mode, is shown.

    All batches count alike.
    """
    norms = [module for module in network.modules() if isinstance(module, BATCH_NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def even_batches(samples: Tensor, most: int = 32) -> tuple[Tensor, ...]:
    """Returns samples [N, ...] in batches of at most so many and of nearly one size.

    So they may count alike, and none holds a single sample, of which batch norm has no statistics, unless N is 1.
    """
    return samples.tensor_split(-(-len(samples) // most))


@torch.no_grad()
def keep_statistics(encoder: PatchEncoder, store, locations: Tensor, size: int, seed: int = 0,
                    voxel: np.ndarray | None = None, shown: bool = True) -> None:  # fmt: skip
    """Keeps, in every landmark norm, the statistics of each landmark over (at most 128) subjects.

    They are what a training batch of these subjects would be normalised by, so that training and inference are one
    function up to the size of the batch. Between landmarks, where dense maps and annotated boxes lie, they are measured
    too, as near as the margin of the stored patches allows, on 32 patches each. Parameters as in
    `estimate_statistics`; `shown` as in `pool_statistics`.
    """
    norms = [module for module in encoder.modules() if isinstance(module, LandmarkNorm)]
    found = {norm: ([], []) for norm in norms}

    def note(norm: LandmarkNorm, inputs: tuple[Tensor]) -> None:
        variance, mean = torch.var_mean(inputs[0], dim=(0, *range(2, inputs[0].ndim)), correction=0)
        for kept, value in zip(found[norm], (mean, variance), strict=True):
            kept.append(value)

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    random = np.random.default_rng([seed, 1])
    margin = (store.size - size) // 2
    places = measured_places(locations.cpu().numpy(), voxel, margin)
    nodes = torch.from_numpy(np.stack([place.location for place in places])).to(locations)
    for place, node in zip(track(places, "Statistics of landmarks", shown=shown), nodes, strict=True):
        between = place.offsets.any()
        each = min(len(store.sids), -(-BETWEEN // len(place.landmarks)) if between else MOST_SUBJECTS)
        parts = []
        for landmark, offset in zip(place.landmarks, place.offsets, strict=True):
            subjects = np.sort(random.permutation(len(store.sids))[:each])
            parts.append(_moved(store.read(int(landmark), subjects), offset, size))
        encoder(center_views(torch.from_numpy(np.concatenate(parts)), size)[:, None].to(locations.device), node)
    for hook in hooks:
        hook.remove()
    encoder.interpolation.place(nodes)
    owner = next(module for module in encoder.modules() if encoder.interpolation in module.children())
    owner.landmarks = len(nodes)  # of an encoder round another, that of the inner one
    for norm, (means, variances) in found.items():
        wanted = torch.stack(means), (torch.stack(variances) + norm.eps).log()
        norm.keep(*map(encoder.interpolation.values_for, wanted))


def voxel_in_locations(spacing_mm: float, box: np.ndarray) -> np.ndarray:
    """Returns the edge of a voxel in locations, float64 [3], given the RAS mm [2, 3] that become -1 and 1."""
    low, high = np.asarray(box, dtype=float)
    return 2 * spacing_mm / (high - low)


def _moved(patches: np.ndarray, offset: np.ndarray, size: int) -> np.ndarray:
    """The `size`^3 voxels of patches [B, n, n, n] so many voxels from their centre."""
    low = (patches.shape[-1] - size) // 2 + offset
    x, y, z = (slice(start, start + size) for start in low.tolist())
    return np.ascontiguousarray(patches[:, x, y, z])
