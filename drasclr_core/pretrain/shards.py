"""Which part of a training step a process computes.

All processes know the whole batch; each embeds the queries and neighbours of some of its subjects. The keys are dealt
out anew by a random order, so that the statistics in which batch norm sees a key are not those of its query: this is
MoCo's shuffling, without sending patches around, because each process reads the patches of its keys itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class BatchShard(NamedTuple):
    """A process's part of a batch of B subjects, as positions in the batch.

    Attributes
    ----------
    size : int
        B, over all processes.
    rows : int [b]
        Whose queries and neighbours.
    key_parts : list of int arrays
        Whose keys; each part goes through batch norm by itself.
    """

    size: int
    rows: np.ndarray
    key_parts: list[np.ndarray]

    @property
    def key_rows(self) -> np.ndarray:
        return np.concatenate(self.key_parts)

    @property
    def weight(self) -> float:
        """Weight of this process's mean in the mean over the batch."""
        return len(self.rows) / self.size

    @classmethod
    def whole(cls, size: int) -> BatchShard:
        """Everything, in order: one process, one part."""
        return cls(size, np.arange(size), [np.arange(size)])

    @classmethod
    def of(cls, size: int, rank: int = 0, processes: int = 1, key_splits: int = 1, order: np.ndarray | None = None
           ) -> BatchShard:  # fmt: skip
        """The share of process `rank`.

        Parameters
        ----------
        size : int
            B, at least two for each process.
        rank, processes : int
        key_splits : int
            Parts in which each process's keys go through batch norm, as far as every part gets two.
        order : int [B], optional
            Permutation in which the keys are dealt out. One part needs none.
        """
        key_splits = max(1, min(key_splits, size // (2 * processes)))
        order = np.arange(size) if order is None or processes * key_splits == 1 else order
        parts = np.array_split(order, processes * key_splits)
        rows = np.array_split(np.arange(size), processes)[rank]
        return cls(size, rows, parts[rank * key_splits : (rank + 1) * key_splits])
