"""Batch-norm statistics of the whole lung, estimated after training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.model.encoder import Encoder
from drasclr_core.model.inputs import center_views
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.progress import track


@torch.no_grad()
def estimate_statistics(encoder: Encoder, store, locations: Tensor, size: int, seed: int = 0, batches: int = 64,
                        landmarks: int = 32, subjects: int = 8) -> None:  # fmt: skip
    """Replace the running statistics of every batch norm by those of un-augmented patches of all landmarks.

    While training, each batch is of one landmark, so the running statistics belong to the landmarks seen last, and
    hold no variance between landmarks. Here every batch mixes many of both, and all batches count alike.

    Parameters
    ----------
    encoder : Encoder
        Changed in place and left in eval mode.
    store : PatchStore
    locations : Tensor [L, 3]
        On the encoder's device.
    size : int
        Voxels per side of the views.
    batches, landmarks, subjects : int
        How many batches are drawn, of how many landmarks and of how many subjects at each (as far as there are so
        many).
    """
    norms = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm3d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
    random = np.random.default_rng([seed, 1])
    landmarks, subjects = min(landmarks, len(locations)), min(subjects, len(store.sids))
    encoder.train()
    for _ in track(range(batches), "Batch-norm statistics"):
        chosen = random.choice(len(locations), landmarks, replace=False)
        patches = [store.read(int(landmark), random.choice(len(store.sids), subjects, replace=False))
                   for landmark in chosen]  # fmt: skip
        views = center_views(torch.from_numpy(np.concatenate(patches)), size)[:, None]
        encoder(views.to(locations.device), LocationGroups(locations[chosen], [subjects] * landmarks))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    encoder.eval()
