"""The random views of one training step."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from drasclr_core.pretrain.augment import Augmentation


def step_generator(seed: int, epoch: int, step: int, device: torch.device | str = "cpu") -> torch.Generator:
    """The source of everything random in one step, the same whether or not the run was interrupted before it."""
    state = np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state >> 1))


def draw_views(augment: Augmentation, patches: np.ndarray, around: np.ndarray | None, generator: torch.Generator
               ) -> tuple[Tensor, Tensor, Tensor | None]:  # fmt: skip
    """Two views of patches [B, n, n, n] and one of their neighbours [B, R, n, n, n], on the generator's device."""
    on_device = torch.from_numpy(patches).to(generator.device)[:, None]
    query, key = augment(on_device, generator), augment(on_device, generator)
    if around is None:
        return query, key, None
    return query, key, augment(torch.from_numpy(around).to(generator.device), generator)
