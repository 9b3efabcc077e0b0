"""Which patches a step gets: a landmark that is switched behind the loaders' backs, and cohorts that are too small."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset

from drasclr_core.model.memory_bank import ConditionalMemoryBank
from drasclr_core.pretrain.sampling import LandmarkSampler, prefetch
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import read_patches

COLUMNS = ["epoch", "step", "landmark", "read"]


class TellingStore:
    """Stands for a patch store: each patch is one voxel that tells its landmark."""

    def read(self, landmark: int, subjects: np.ndarray) -> np.ndarray:
        return np.full((len(subjects), 1, 1, 1), landmark, dtype=np.int16)


class CurrentLandmark(Dataset):
    """Patches of whichever landmark is current, as far as the process that reads them knows."""

    def __init__(self, length: int):
        self.store, self.landmark, self.length = TellingStore(), 0, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(self.store.read(self.landmark, np.array([index])))


def read_current(workers: int, landmarks: int = 5, subjects: int = 24, batch: int = 6, epochs: int = 3) -> pd.DataFrame:
    """Makes the mistake: a loader reads the current landmark, which the main process sets when a step begins.

    Worker processes are started once per epoch and keep the landmark of that moment. Without workers, a batch is read
    before its step begins.

    Returns
    -------
    DataFrame
        One row per step: epoch, step, the landmark that the main process believes in (and files the keys under), and
        the landmark that was read.
    """
    dataset, blocks = CurrentLandmark(landmarks * subjects), subjects // batch
    loader = DataLoader(dataset, batch, num_workers=workers, timeout=60 if workers else 0)
    rows = []
    for epoch in range(epochs):
        for step, patches in enumerate(loader):
            dataset.landmark = step // blocks
            rows.append((epoch, step, dataset.landmark, int(patches.unique())))
    return pd.DataFrame(rows, columns=COLUMNS)


def read_carried(landmarks: int = 5, subjects: int = 24, batch: int = 6, epochs: int = 3, visit: int = 2, seed: int = 0
                 ) -> pd.DataFrame:  # fmt: skip
    """Does it our way: every batch carries its landmark to the thread that reads it (a table as `read_current`)."""
    sampler, store, rows = LandmarkSampler(landmarks, subjects, batch, visit, seed), TellingStore(), []
    for epoch in range(epochs):
        loaded = prefetch(
            sampler.epoch(epoch),
            lambda item: (item, read_patches(store, item, None, BatchShard.whole(len(item.subjects)))),
        )
        for step, (item, patches) in enumerate(loaded):
            rows.append((epoch, step, item.landmark, int(np.unique(patches.query).item())))
    return pd.DataFrame(rows, columns=COLUMNS)


def whole_batches(subjects: int, batch: int, bank_size: int, steps: int = 40) -> str:
    """Says what becomes of a cohort if only whole batches count and a batch must fit into the rest of the bank."""
    if subjects < batch:
        return "no step at all"
    bank, pointer = torch.zeros(bank_size, 1), 0
    for step in range(steps):
        if pointer + batch > bank_size:
            return f"fails in step {step + 1}"
        bank[pointer : pointer + batch] = 1
        pointer = (pointer + batch) % bank_size
    return "works"


def any_batches(subjects: int, batch: int, bank_size: int, steps: int = 40) -> str:
    """Says the same of our sampler and bank."""
    sampler, bank = LandmarkSampler(1, subjects, batch), ConditionalMemoryBank(1, bank_size, dim=1)
    epochs = -(-steps // sampler.steps(0))
    for item in [item for epoch in range(epochs) for item in sampler.epoch(epoch)]:
        bank.enqueue(item.landmark, torch.ones(len(item.subjects), 1), torch.from_numpy(item.subjects))
    held = int((bank.subjects >= 0).sum())
    return "works" if held == min(bank_size, epochs * subjects) else f"lost {bank_size - held} keys"


def waiting(steps: int = 12, load_s: float = 0.02, train_s: float = 0.03) -> tuple[float, float]:
    """Returns seconds for `steps` that load and then train: one after the other, and with our `prefetch`."""

    def load(step: int) -> int:
        time.sleep(load_s)
        return step

    seconds = []
    for loaded in (map(load, range(steps)), prefetch(range(steps), load)):
        begin = time.perf_counter()
        for _ in loaded:
            time.sleep(train_s)
        seconds.append(time.perf_counter() - begin)
    return seconds[0], seconds[1]


def read_before_first_step(subjects: int, neighbors: int = 2, size: int = 32, batch: int = 128, context: int = 12
                           ) -> tuple[float, float]:  # fmt: skip
    """Returns the GB read before a landmark's first step: all its subjects', and one batch (ours, with context).

    Patches are int16, of the landmark and of its neighbours.
    """
    patches, voxel_bytes = 1 + neighbors, 2
    theirs = subjects * patches * size**3 * voxel_bytes
    ours = batch * patches * (size + 2 * context) ** 3 * voxel_bytes
    return theirs / 1e9, ours / 1e9
