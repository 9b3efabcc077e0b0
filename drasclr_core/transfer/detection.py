"""What the two tasks of telling samples apart share: a readout of frozen features, and the whole network trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.image_volume import JointEncoder, slices_of
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.statistics import even_batches, renewed_statistics
from drasclr_core.transfer.fit import FitSettings, fit
from drasclr_core.transfer.linear import LinearHead, balanced, in_chunks, linear_scores

LINEAR, FINETUNED = "linear", "fine-tuned"
"""Ends of the names of metrics."""


def stage_features(encoder: JointEncoder, volumes: Tensor) -> Tensor:
    """Returns what the tasks read of volumes [B, 1, x, y, z] in [-1, 1], float [B, D].

    The mean over slices of all stages of f_intra, and the mean of what f_inter makes of their embeddings. As published
    it is the network that is transferred: the embeddings, in which the clusters are found, keep less.
    """
    slices = slices_of(volumes)[:, 0]
    maps = encoder.intra.stages(slices.flatten(0, 1)[:, None])
    seen = encoder.intra.means(maps).unflatten(0, slices.shape[:2])
    along = encoder.inter(encoder.intra.embed(maps).unflatten(0, slices.shape[:2]))
    return torch.cat([seen.mean(dim=1), along.mean(dim=1)], dim=1)


def cube_features(encoder: GenesisEncoder, volumes: Tensor) -> Tensor:
    """Returns what the tasks read of volumes [B, 1, n, n, n] in [-1, 1]: all maps' means, joined, float [B, D]."""
    return torch.cat([maps.mean(dim=(2, 3, 4)) for maps in encoder.maps(volumes)], dim=1)


def renew(encoder: PatchEncoder, embed: Callable[[Tensor], Tensor], samples: Tensor) -> None:
    """Estimates the statistics of batch norm anew from samples [N, ...], in place; all batches count alike."""
    encoder.train()
    with torch.no_grad(), torch.random.fork_rng(devices=[]), renewed_statistics(encoder):
        for batch in even_batches(samples):
            embed(batch)
    encoder.eval()


def scores_of_samples(
    encoder: PatchEncoder,
    embed: Callable[[Tensor], Tensor],
    seen: Tensor | None,
    inputs: Tensor,
    labels: np.ndarray,
    groups: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    how: FitSettings,
    seed: int,
) -> dict[str, np.ndarray]:
    """Returns how much each tested sample looks like a positive, by `LINEAR` and `FINETUNED`.

    Parameters
    ----------
    encoder : PatchEncoder
        Changed in place.
    embed : callable
        Inputs to features [B, D], by the encoder.
    seen : Tensor or None
        Inputs from which the encoder's statistics of batch norm are estimated anew; None keeps those that it has.
    inputs : float Tensor [N, ...]
    labels, groups : int [N]
        0 or 1, and whose.
    train, test : int
        Positions of samples.
    how : FitSettings
    seed : int

    Raises
    ------
    ValueError
        The training samples are all alike.
    """
    if len(np.unique(labels[train])) < 2:
        raise ValueError("the labelled subjects are all alike: take a larger share of the labels, or more subjects")
    if seen is not None:
        renew(encoder, embed, seen)
    features = in_chunks(embed, inputs[train]).numpy(), in_chunks(embed, inputs[test]).numpy()
    rng = np.random.default_rng([seed, 7092])
    made = {LINEAR: linear_scores(features[0], labels[train], groups[train], features[1], rng)}

    def draw(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows = train[balanced(labels[train], how.batch_size, rng)]
        mirrored = torch.from_numpy(rng.random(len(rows)) < 0.5).view(-1, *[1] * (inputs.ndim - 1))
        batch = inputs[rows]
        return torch.where(mirrored, batch.flip(-1), batch), torch.from_numpy(labels[rows]).float()

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the new layer, the same for every start
        net = LinearHead(embed, encoder, features[0].shape[1])
    fit(net, encoder, draw, F.binary_cross_entropy_with_logits, how, seed)
    return made | {FINETUNED: in_chunks(net, inputs[test]).numpy()}
