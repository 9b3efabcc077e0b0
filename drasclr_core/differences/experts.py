"""How large the experts of a layer are at the start."""

from __future__ import annotations

import math

import pandas as pd
import torch
from torch import nn

from drasclr_core.model import Encoder


def starting_scale(seed: int, patch: int = 16, batch: int = 16) -> pd.DataFrame:
    """Compares both ways of initialisation, layer by layer, on patches of noise in training mode.

    PyTorch's Kaiming rule takes the second dimension of a tensor for the input channels. In the experts' tensor
    [E, out, in, k, k, k] that is the output channels, and the input channels count as a part of the kernel's extent.

    Returns
    -------
    DataFrame
        Per layer: ``out`` channels; for ``theirs`` and ``ours`` the standard deviation of the weights, that of the
        convolution's output without its bias, and the relative size of the first step, gradient / weights (norms).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ours, theirs = Encoder(num_experts=4), Encoder(num_experts=4)
        theirs.load_state_dict(ours.state_dict())
        for block in theirs.blocks:
            nn.init.kaiming_uniform_(block.conv.weight, a=math.sqrt(5))
        views = torch.randn(batch, 1, patch, patch, patch)
    table = pd.DataFrame({"layer": range(1, len(ours.blocks) + 1), "out": [len(b.conv.bias) for b in ours.blocks]})
    for name, encoder in (("theirs", theirs), ("ours", ours)):
        outputs = []
        hooks = [block.conv.register_forward_hook(
            lambda conv, _, y, kept=outputs: kept.append((y - conv.bias[:, None, None, None]).std().item()))
            for block in encoder.blocks]  # fmt: skip
        encoder.train()(views, torch.zeros(3)).square().sum().backward()
        for hook in hooks:
            hook.remove()
        weights = [block.conv.weight for block in encoder.blocks]
        table[f"weights, {name}"] = [weight.std().item() for weight in weights]
        table[f"output, {name}"] = outputs
        table[f"step, {name}"] = [(weight.grad.norm() / weight.norm()).item() for weight in weights]
    return table
