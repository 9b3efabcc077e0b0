"""An encoder that has learnt nothing: what the network's form alone lets through, the mark that training must beat."""

from __future__ import annotations

import torch

from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.image_statistics import estimate_image_statistics
from drasclr_core.pretrain.statistics import estimate_statistics, voxel_in_locations


def untrained_encoder(like: PatchEncoder, store: PatchStore, seed: int = 0) -> PatchEncoder:
    """Returns an encoder of the architecture of `like` with random weights, in eval mode.

    All else is as for a trained one: it takes the same patches at the same locations, and its batch-norm statistics are
    estimated over the patches of all landmarks, as at the end of a pretraining.

    Parameters
    ----------
    like : PatchEncoder
        With a description, as `load_encoder` gives it; unchanged.
    store : PatchStore
        The patches that it will see, none missing.
    seed : int
        Of the weights, and of the patches that the statistics are estimated from.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = type(like)(**{name: getattr(like, name) for name in like.architecture})
    encoder.description = dict(like.description)
    encoder.to(device=like.device, dtype=like.dtype)
    locations = torch.tensor(like.description["locations"], dtype=torch.float32, device=like.device)
    voxel = voxel_in_locations(like.description["spacing_mm"], like.description["location_box_mm"])
    estimate_statistics(encoder, store, locations, like.description["patch_size"], seed, voxel)
    estimate_image_statistics(encoder, store, locations, like.description["patch_size"], seed)
    return encoder.eval()
