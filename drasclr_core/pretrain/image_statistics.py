"""What an encoder needs that normalises images as a whole, estimated after training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model.inputs import center_views
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.progress import track

MOST_SUBJECTS = 128


@torch.no_grad()
def estimate_image_statistics(encoder: PatchEncoder, store, locations: Tensor, size: int, seed: int = 0) -> None:
    """Shows (at most 128) images to an encoder in eval mode that normalises what it makes of their patches.

    That is one with a method ``fit_images``, which takes features of patches [N, L, rep_dim]; any other is left alone.
    Parameters as in `statistics.estimate_statistics`.
    """
    if not hasattr(encoder, "fit_images"):
        return
    subjects = np.sort(np.random.default_rng([seed, 1]).permutation(len(store.sids))[:MOST_SUBJECTS])
    features = []
    for landmark in track(range(len(locations)), "Statistics of images"):
        views = center_views(torch.from_numpy(store.read(landmark, subjects)), size)[:, None]
        features.append(encoder(views.to(locations.device), locations[landmark]).cpu().numpy())
    encoder.fit_images(np.stack(features, axis=1))
