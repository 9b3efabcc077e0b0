"""The training that all tasks share: so many steps of AdamW, whatever the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.pretrain.schedule import warmed_rate


@dataclass(frozen=True)
class FitSettings:
    """How every net of a comparison is trained.

    Attributes
    ----------
    steps : int
        Updates.
    batch_size : int
        Images, slices or cubes of a step.
    lr, head_lr : float
        Highest learning rates of the encoder, and of everything that begins at random in any case.
    weight_decay : float
        Of AdamW.
    warmup : float
        Share of the steps over which the rates grow; they then fall along a cosine to 0.
    """

    steps: int = 200
    batch_size: int = 16
    lr: float = 1e-3
    head_lr: float = 3e-3
    weight_decay: float = 1e-4
    warmup: float = 0.1

    def __post_init__(self):
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")


def fit(net: nn.Module, encoder: nn.Module, draw: Callable[[np.random.Generator], tuple[Tensor, Tensor]],
        loss: Callable[[Tensor, Tensor], Tensor], how: FitSettings, seed: int) -> list[float]:  # fmt: skip
    """Trains a net in place, leaves it in eval mode, and returns the loss of each step.

    Parameters
    ----------
    net : Module
        Maps what `draw` gives first to what `loss` takes first.
    encoder : Module
        The part of it that a start may have trained.
    draw : callable
        Draws a batch, inputs and labels.
    loss : callable
        Of outputs and labels; a scalar.
    how : FitSettings
    seed : int
        Batches and dropout follow from it.
    """
    rng, losses = np.random.default_rng([seed, 7091]), []
    own = {id(weight) for weight in encoder.parameters()}
    rest = [weight for weight in net.parameters() if id(weight) not in own]
    groups = [{"params": list(encoder.parameters()), "lr": how.lr}, {"params": rest, "lr": how.head_lr}]
    optimizer = torch.optim.AdamW(groups, weight_decay=how.weight_decay)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warmed_rate(1.0, step / how.steps, how.warmup))
    net.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(how.steps):
            inputs, labels = draw(rng)
            found = loss(net(inputs), labels)
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
            rate.step()
            losses.append(found.item())
    net.eval()
    return losses
