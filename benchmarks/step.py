"""One training step on made-up patches, the same for all benchmarks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from drasclr_core.pretrain import Augmentation, PretrainConfig
from drasclr_core.pretrain.metrics import losses
from drasclr_core.pretrain.setup import build_model, build_optimizer
from drasclr_core.pretrain.views import Patches, draw_views, step_generator

LANDMARKS, NEIGHBORS = 4, [1, 2]


class Step:
    """One training step at a time: augmentation, three passes, losses, backward, SGD, bank."""

    def __init__(self, batch: int, size: int, device: torch.device, precision: str = "32-true", mode: str = ""):
        spacing = 32 / size
        self.config = PretrainConfig(batch_size=batch, compile=mode, augmentation=Augmentation(size, spacing))
        locations = np.random.default_rng(0).uniform(-1, 1, (LANDMARKS, 3))
        self.model = build_model(locations, self.config).to(device)
        self.optimizer = build_optimizer(self.model, replace(self.config, lr=0.0))  # the same weights at every step
        self.device, self.autocast = device, precision == "bf16-mixed"
        random = np.random.default_rng(1)
        stored = size + round(24 / spacing)
        patches = random.integers(-1000, 200, (batch, 3, stored, stored, stored)).astype(np.int16)
        self.patches = Patches(patches[:, 0], patches[:, 0], np.ascontiguousarray(patches[:, 1:]))
        self.subjects = torch.arange(batch, device=device)
        self.views = self.augment()

    def augment(self):
        return draw_views(self.config.augmentation, self.patches, step_generator(0, 0, 0, self.device))

    def contrast(self):
        query, key, around = self.views
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            return self.model(0, query, key, self.subjects, around, NEIGHBORS)

    def backward(self, contrast):
        self.optimizer.zero_grad()
        sum(losses(contrast)).backward()

    def __call__(self):
        self.views = self.augment()
        self.backward(self.contrast())
        self.optimizer.step()
