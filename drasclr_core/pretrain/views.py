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
    """A process's share of a step's patches, int16 HU: of queries, keys [b, n, n, n], neighbours [b, R, n, n, n]."""

    query: np.ndarray
    key: np.ndarray
    around: np.ndarray | None


def read_patches(store, batch: Batch, neighbors: list[int] | None, share: BatchShard) -> Patches:
    """Read what a process needs of a batch; a process alone reads the patches of queries and keys once."""
    query = store.read(batch.landmark, batch.subjects[share.rows])
    whole = len(share.rows) == share.size
    key = query[share.key_rows] if whole else store.read(batch.landmark, batch.subjects[share.key_rows])
    if neighbors is None:
        return Patches(query, key, None)
    around = [store.read(near, batch.subjects[share.rows]) for near in neighbors]
    return Patches(query, key, np.stack(around, axis=1))


def step_generator(seed: int, epoch: int, step: int, device: torch.device | str = "cpu") -> torch.Generator:
    """The source of everything random in one step, the same whether or not the run was interrupted before it."""
    state = np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state >> 1))


def draw_views(augment: Augmentation, patches: Patches, generator: torch.Generator, share: BatchShard | None = None
               ) -> tuple[Tensor, Tensor, Tensor | None]:  # fmt: skip
    """A view of each patch for the query, one for the key and one of each neighbour, on the generator's device.

    Every process draws for the whole batch and uses its share, so the views do not depend on the number of processes.
    """
    share = share or BatchShard.whole(len(patches.query))

    def view(stored: np.ndarray, rows: np.ndarray) -> Tensor:
        stored = to_device(stored, generator.device)
        stored = stored if stored.ndim == 5 else stored[:, None]
        draws = augment.draw(share.size, stored.shape[1], generator)
        return augment.apply(stored, draws.of(torch.from_numpy(rows).to(generator.device)))

    query, key = view(patches.query, share.rows), view(patches.key, share.key_rows)
    return query, key, None if patches.around is None else view(patches.around, share.rows)


def to_device(array: np.ndarray, device: torch.device) -> Tensor:
    """A copy on the device, which a GPU makes while the host goes on."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
