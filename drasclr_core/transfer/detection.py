"""What the two tasks of telling samples apart share: a readout of frozen features, and the whole network trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.image_volume import JointEncoder
from drasclr_core.transfer.fit import FitSettings, fit
from drasclr_core.transfer.linear import LinearHead, balanced, in_chunks, linear_scores

LINEAR, FINETUNED = "linear", "fine-tuned"
"""Ends of the names of metrics."""


def scores_of_samples(
    encoder: JointEncoder,
    embed: Callable[[Tensor], Tensor],
    images: Callable[[Tensor], Tensor],
    inputs: Tensor,
    labels: np.ndarray,
    groups: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    how: FitSettings,
    seed: int,
) -> dict[str, np.ndarray]:
    """Returns how much each tested sample looks like a positive, by `LINEAR` and `FINETUNED`.

    Both ways begin with the encoder's statistics of batch norm estimated from the training samples.

    Parameters
    ----------
    encoder : JointEncoder
        Changed in place.
    embed : callable
        Inputs to features [B, D], a method of the encoder.
    images : callable
        Inputs to the images [n, 1, h, w] whose statistics count.
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
    encoder.adapt(_chunks(images, inputs[train]))
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


def _chunks(images: Callable[[Tensor], Tensor], inputs: Tensor) -> Iterable[Tensor]:
    return (images(chunk) for chunk in inputs.split(32))
