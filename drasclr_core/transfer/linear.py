"""What frozen features are worth: a linear readout, whose penalty is chosen over training subjects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.evaluate.folds import splits, stratified_folds
from drasclr_core.evaluate.readout.linear import logistic_model

INNER_FOLDS = 3
CHUNK = 64
"""Images or cubes that go through a network at once."""


def in_chunks(call: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Returns what `call` makes of all inputs [N, ...], chunk by chunk and without gradients."""
    with torch.no_grad():
        return torch.cat([call(chunk) for chunk in inputs.split(CHUNK)])


def linear_scores(
    train: np.ndarray, labels: np.ndarray, groups: np.ndarray, test: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Returns the log odds [M] that logistic regression on features gives to tested samples.

    The L2 penalty is chosen by the log loss over inner folds of whole groups; where these leave no two classes to train
    on, of samples.

    Parameters
    ----------
    train, test : float [N, D], [M, D]
        Features.
    labels : int [N]
        0 or 1, both of them there.
    groups : int [N]
        Whose each sample is.
    rng : Generator
        Draws the folds.
    """
    whose, sample = np.unique(groups, return_inverse=True)
    positive = np.array([labels[sample == number].max() for number in range(len(whose))])
    fold = stratified_folds(positive, min(INNER_FOLDS, len(whose)), rng, classes=True)[sample]
    inner = [(fitted, held) for fitted, held in splits(fold) if len(np.unique(labels[fitted])) > 1]
    if not inner:
        inner = list(splits(stratified_folds(labels, 2, rng, classes=True)))
        inner = [(fitted, held) for fitted, held in inner if len(np.unique(labels[fitted])) > 1]
    if not inner:  # one positive in all: every sample trains and judges
        inner = [(np.arange(len(labels)),) * 2]
    return logistic_model(inner, solver="newton-cg", max_iter=200).fit(train, labels).decision_function(test)


class LinearHead(nn.Module):
    """An encoder and one linear layer, which gives a logit.

    Parameters
    ----------
    embed : callable
        Inputs to features [B, D], by the encoder.
    encoder : Module
    size : int
        D.
    """

    def __init__(self, embed: Callable[[Tensor], Tensor], encoder: nn.Module, size: int):
        super().__init__()
        self.embed, self.encoder, self.head = embed, encoder, nn.Linear(size, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits [B]."""
        return self.head(self.embed(x))[:, 0]


def balanced(labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draws positions of samples [size], half of them of either class, 0 and 1, as far as there are both."""
    kinds = [rows for value in (0, 1) if len(rows := np.flatnonzero(labels == value))]
    parts = np.array_split(np.arange(size), len(kinds))
    return np.concatenate([rng.choice(rows, len(part)) for rows, part in zip(kinds, parts, strict=True)])
