"""Batches of subjects whose lungs are alike in density, so that density does not tell a patch from its negatives."""

from __future__ import annotations

import numpy as np

from drasclr_core.model.inputs import HU_WINDOW

PART = 256
"""Subjects whose patches are read at once."""


def mean_densities(store) -> np.ndarray:
    """Returns the mean of all patches of each subject of a store, float64 [N], in HU clipped to the window.

    It reads the store once. Chest wall and heart at the edges of the lungs count too: no mask is needed, and what the
    network sees is what is compared.
    """
    total, subjects = np.zeros(len(store.sids)), np.arange(len(store.sids))
    for landmark in range(store.num_landmarks):
        for first in range(0, len(subjects), PART):
            rows = subjects[first : first + PART]
            total[rows] += np.clip(store.read(landmark, rows), *HU_WINDOW).reshape(len(rows), -1).mean(axis=1)
    return total / store.num_landmarks


def dealt_alike(density: np.ndarray, blocks: int, random: np.random.Generator) -> list[np.ndarray]:
    """Returns the subjects of each block, int [B] each: in the order of their density, and cut into equal parts.

    The first cut falls anywhere, so that two subjects of like density meet in most deals; the block round the ends
    holds the lightest and the densest. Blocks, and subjects in a block, come in random order.

    Parameters
    ----------
    density : float [N]
    blocks : int
    random : numpy Generator
    """
    order = np.roll(np.argsort(density, kind="stable"), random.integers(len(density)))
    parts = np.array_split(order, blocks)
    return [random.permutation(parts[place]) for place in random.permutation(blocks)]
