"""A tiny cohort in memory with the interface of PatchStore and Atlas."""

from hashlib import sha256 as file_hash
from types import SimpleNamespace

import numpy as np
import pytest

from drasclr_core.methods.drasclr import DrasCLRSettings
from drasclr_core.pretrain import Augmentation

CONFIG = DrasCLRSettings(epochs=4, batch_size=4, bank_size=6, num_experts=2, rep_dim=16, dim=8, neighbors=2,
                        key_momentum=0.9, lr=0.03, augmentation=Augmentation(size=8, spacing_mm=4.0), threads=1,
                        accelerator="cpu", log_every=3, save_every_s=0.0)  # fmt: skip


class TinyStore:
    """Patches whose texture differs between subjects, so that views of one subject can be told from the others'."""

    def __init__(self, subjects=8, landmarks=4, size=12):
        random = np.random.default_rng(0)
        level = random.uniform(-950, -500, (landmarks, subjects, 1, 1, 1))
        texture = random.normal(0, 1, (landmarks, subjects, size, size, size))
        texture *= random.uniform(10, 300, (landmarks, subjects, 1, 1, 1))
        self.patches = (level + texture).astype(np.int16)
        self.sids = [f"S{index}" for index in range(subjects)]
        self.num_landmarks, self.size = landmarks, size

    def contents(self):
        return file_hash(self.patches.tobytes()).hexdigest()

    def read(self, landmark, indices):
        return self.patches[landmark, indices]

    def read_subject(self, sid):
        return self.patches[:, self.sids.index(sid)]


def make_tiny(**sizes):
    """A store and an atlas with its landmarks in a row; each one's neighbours are the next ones, in a ring.

    In millimetres they lie on a grid, two by two.
    """
    store = TinyStore(**sizes)
    line = np.linspace(-1, 1, store.num_landmarks, dtype=np.float32)
    locations = np.stack([line, line / 2, -line], axis=1)
    ring = np.arange(store.num_landmarks)
    atlas = SimpleNamespace(
        locations=locations,
        centres=30.0 * np.stack([ring % 2, ring // 2 % 2, ring // 4], axis=1),
        box=np.array([[-100.0] * 3, [100.0] * 3]),
        neighbors=lambda count: (ring[:, None] + np.arange(1, count + 1)) % store.num_landmarks,
    )
    return store, atlas


@pytest.fixture
def tiny():
    return make_tiny()
