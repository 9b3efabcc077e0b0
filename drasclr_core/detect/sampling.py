"""Batches with as many emphysema boxes as healthy ones, whatever there is of each."""

from __future__ import annotations

import numpy as np


def balanced_batches(labels: np.ndarray, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """The boxes of one epoch, half of every batch with each label.

    The more frequent label is seen about once; the rarer one comes round again, each time in a new order.

    Parameters
    ----------
    labels : bool [N]
        Both labels occur.
    batch_size : int
        Even.
    seed, epoch : int
        Choose the order.

    Returns
    -------
    int [steps, batch_size]
        Indices into `labels`.

    Raises
    ------
    ValueError
        An odd batch size, or boxes of one label only.
    """
    groups = [np.flatnonzero(labels), np.flatnonzero(~labels)]
    if batch_size % 2 or batch_size < 2:
        raise ValueError(f"A balanced batch needs an even number of boxes, not {batch_size}.")
    if not all(map(len, groups)):
        raise ValueError("Boxes of one kind only: training needs annotated and healthy ones.")
    half = batch_size // 2
    steps = max(1, round(max(map(len, groups)) / half))
    rng = np.random.default_rng([seed, epoch, 22])
    return np.concatenate([_cycled(group, steps * half, rng).reshape(steps, half) for group in groups], axis=1)


def _cycled(group: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` members of a group: one permutation after another."""
    rounds = -(-count // len(group))
    return np.concatenate([rng.permutation(group) for _ in range(rounds)])[:count]
