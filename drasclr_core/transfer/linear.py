"""What frozen features are worth: a linear readout, whose penalty is chosen over training subjects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from drasclr_core.evaluate.folds import grouped_folds, splits, stratified_folds
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

    The L2 penalty is chosen as `linear_model` says.

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
    return linear_model(labels, groups, rng).fit(train, labels).decision_function(test)


def linear_model(labels: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Pipeline:
    """Returns, not fitted, logistic regression whose L2 penalty is chosen over inner folds of whole groups.

    Folds whose training samples lack a class are left out; where none is left, the folds are of samples, and where that
    does not help either (one sample of a class), every sample trains and judges.

    Parameters
    ----------
    labels : int [N]
        Classes of the training samples; of two, the positive one is the higher.
    groups : int [N]
    rng : Generator
    """
    known = set(labels)
    of_groups = grouped_folds(labels, groups, min(INNER_FOLDS, len(set(groups))), rng)
    of_samples = stratified_folds(labels, 2, rng, classes=True)
    inner = next((there for fold in (of_groups, of_samples)
                  if (there := [pair for pair in splits(fold) if set(labels[pair[0]]) == known])),
                 [(np.arange(len(labels)),) * 2])  # fmt: skip
    return logistic_model(inner, solver="newton-cg", max_iter=200)


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
