"""The patches of one training step, and the random views of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.shards import BatchShard


class Patches(NamedTuple):
    """A process's part of a step's patches, int16 HU.

    Attributes
    ----------
    query, key : [b, n, n, n]
        Of ``shard.rows`` and of ``shard.key_rows``.
    neighbors : [b, R, n, n, n] or None
        Of the queries' subjects at the R nearest landmarks.
    """

    query: np.ndarray
    key: np.ndarray
    neighbors: np.ndarray | None


class Views(NamedTuple):
    """One view of each patch of `Patches`, about [-1, 1]: [b, 1, n, n, n], [b, 1, n, n, n], [b, R, n, n, n] or None."""

    query: Tensor
    key: Tensor
    neighbors: Tensor | None


def read_patches(store, batch: Batch, neighbors: list[int] | None, shard: BatchShard) -> Patches:
    """Reads what a process needs of a batch; a process alone reads the patches of queries and keys once.

    Parameters
    ----------
    store : PatchStore
    batch : Batch
    neighbors : list of R int, optional
        The neighbouring landmarks.
    shard : BatchShard
    """
    query = store.read(batch.landmark, batch.subjects[shard.rows])
    whole = len(shard.rows) == shard.size
    key = query[shard.key_rows] if whole else store.read(batch.landmark, batch.subjects[shard.key_rows])
    if neighbors is None:
        return Patches(query, key, None)
    around = [store.read(near, batch.subjects[shard.rows]) for near in neighbors]
    return Patches(query, key, np.stack(around, axis=1))


def step_generator(seed: int, epoch: int, step: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Returns the source of everything random in one step, the same whether or not the run was interrupted before."""
    state = np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state >> 1))


def draw_view(augment: Augmentation, stored: np.ndarray, generator: torch.Generator, shard: BatchShard,
              rows: np.ndarray | None = None) -> Tensor:  # fmt: skip
    """Draws a view of each patch, on the generator's device: float32 [b, C, size, size, size].

    It draws for the whole batch and uses a process's part, so that views do not depend on the number of processes. Two
    calls give two views of the same patches.

    Parameters
    ----------
    augment : Augmentation
    stored : int16 [b, n, n, n] or [b, C, n, n, n]
        HU.
    generator : torch.Generator
    shard : BatchShard
    rows : int [b], optional
        Positions of the patches in the batch; by default ``shard.rows``.
    """
    stored = to_device(stored, generator.device)
    stored = stored if stored.ndim == 5 else stored[:, None]
    draws = augment.draw(shard.size, stored.shape[1], generator)
    rows = torch.from_numpy(shard.rows if rows is None else rows)
    return augment.apply(stored, draws.of(rows.to(generator.device)))


def draw_views(augment: Augmentation, patches: Patches, generator: torch.Generator, shard: BatchShard | None = None
               ) -> Views:  # fmt: skip
    """Draws a view of each query, key and neighbour, on the generator's device (see `draw_view`).

    Among several processes, keys are of other subjects than the queries (``shard.key_rows``): only for methods that
    gather the keys of all processes, as `embed_keys` does.
    """
    shard = shard or BatchShard.whole(len(patches.query))
    query = draw_view(augment, patches.query, generator, shard)
    key = draw_view(augment, patches.key, generator, shard, shard.key_rows)
    return Views(query, key, None if patches.neighbors is None
                 else draw_view(augment, patches.neighbors, generator, shard))  # fmt: skip


def to_device(array: np.ndarray, device: torch.device) -> Tensor:
    """Returns a copy on the device, which a GPU makes while the host goes on."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
