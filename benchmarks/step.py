"""One training step on made-up patches, the same for all benchmarks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import torch

from drasclr_core.methods.drasclr import DrasCLR, DrasCLRSettings
from drasclr_core.pretrain import Augmentation, BatchShard, Patches, step_generator
from drasclr_core.pretrain.blocks import Block
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.setup import build_method

LANDMARKS, NEIGHBORS = 4, [1, 2]


class Step:
    """One training step at a time: augmentation, three passes, losses, backward, SGD, bank."""

    def __init__(self, batch: int, size: int, device: torch.device, precision: str = "32-true", mode: str = ""):
        spacing = 32 / size
        settings = DrasCLRSettings(batch_size=batch, compile=mode, augmentation=Augmentation(size, spacing))
        atlas = SimpleNamespace(locations=np.random.default_rng(0).uniform(-1, 1, (LANDMARKS, 3)),
                                centres=np.zeros((LANDMARKS, 3)), box=[[-1.0] * 3, [1.0] * 3],
                                neighbors=lambda count: np.array([NEIGHBORS] * LANDMARKS))  # fmt: skip
        self.model = build_method(DrasCLR, settings, atlas).to(device)
        self.model.settings = replace(settings, lr=1e-30)  # the same weights at every step
        self.optimizer = self.model.optimizer()
        self.device, self.autocast = device, precision == "bf16-mixed"
        random = np.random.default_rng(1)
        stored = size + round(24 / spacing)
        patches = random.integers(-1000, 200, (batch, 3, stored, stored, stored)).astype(np.int16)
        self.patches = Patches(patches[:, 0], patches[:, 0], np.ascontiguousarray(patches[:, 1:]))
        self.batch, self.shard = Batch(0, np.arange(batch)), BatchShard.whole(batch)
        self.views = self.augment()

    def augment(self):
        return self.model.views(self.patches, step_generator(0, 0, 0, self.device), self.shard)

    def loss(self):
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            return self.model(self.batch, self.views, self.shard)[0]

    def query(self):
        """Embeddings of the queries alone."""
        return self.model.query(self.views.query, self.model.locations[0])

    def backward(self, loss):
        self.optimizer.zero_grad()
        loss.backward()

    def __call__(self):
        self.views = self.augment()
        self.backward(self.loss())
        self.optimizer.step()


class BlockStep(Step):
    """The same for a block of landmarks, each of which is anchor and neighbour: as many anchors as `batch`.

    Eight landmarks, or as few as leave two subjects at each; each normalised by its own statistics.
    """

    def __init__(self, batch: int, size: int, device: torch.device):
        count, spacing, random = max(2, min(8, batch // 2)), 32 / size, np.random.default_rng(0)
        settings = DrasCLRSettings(batch_size=batch // count, landmarks_per_step=count, norm="landmark",
                                   augmentation=Augmentation(size, spacing))  # fmt: skip
        atlas = SimpleNamespace(locations=random.uniform(-1, 1, (count, 3)), centres=np.zeros((count, 3)),
                                box=[[-1.0] * 3, [1.0] * 3],
                                neighbors=lambda wanted: np.zeros((count, wanted), dtype=int))  # fmt: skip
        self.model = build_method(DrasCLR, settings, atlas).to(device)
        self.model.settings = replace(settings, lr=1e-30)
        self.optimizer, self.device, self.autocast = self.model.optimizer(), device, False
        stored, subjects = size + round(24 / spacing), batch // count
        patches = random.integers(-1000, 200, (count * subjects, stored, stored, stored)).astype(np.int16)
        beside = np.zeros((count, count), dtype=np.float32)
        for place in range(count):
            beside[place, [(place + 1) % count, (place + 2) % count]] = 1
        self.patches, self.shard = Patches(patches, patches, None), BatchShard.whole(subjects)
        self.batch = Block(np.arange(count), beside, np.arange(subjects))
        self.views = self.augment()
