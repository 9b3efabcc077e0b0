"""A patch store read into memory once, where it fits."""

from __future__ import annotations

import numpy as np
import torch
from joblib import cpu_count

from drasclr_core.progress import track


class CachedPatches:
    """All patches of a store in memory, with the store's interface for reading.

    Unpacking a chunk of the store takes a CPU about as long as half a training step on it, every time again.
    """

    in_memory = True

    def __init__(self, store):
        self.sids, self.num_landmarks, self.size = store.sids, store.num_landmarks, store.size
        self.contents = store.contents
        self._patches = np.empty((len(store.sids), store.num_landmarks, *(store.size,) * 3), dtype=np.int16)
        for index, sid in enumerate(track(store.sids, "Reading patches")):
            self._patches[index] = store.read_subject(sid)

    def read(self, landmark: int, subjects: np.ndarray) -> np.ndarray:
        """int16 [B, n, n, n]: the patches of one landmark of these subjects (positions in `sids`), in their order."""
        return self._patches[subjects, landmark]


def cached(store, limit_gb: float):
    """The store itself, or its content in memory if that takes at most `limit_gb` gigabytes.

    Whole lungs are small plain files, which the system holds in memory by itself.
    """
    if getattr(store, "in_memory", False):
        return store
    gigabytes = 2 * len(store.sids) * store.num_landmarks * store.size**3 / 1e9
    return CachedPatches(store) if gigabytes <= limit_gb else store


def reading_threads() -> int:
    """Threads that unpack a batch of the store: up to 16 where a GPU computes, one where the cores are needed for that.

    A patch with its context takes about 0.4 ms of a core (``benchmarks/store.py``), which an H200 is done with sooner.
    """
    return min(16, cpu_count()) if torch.cuda.is_available() else 1
