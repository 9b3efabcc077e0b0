"""LARC: a learning rate for each tensor, in the proportion of its weights to its gradient (You et al. 2017)."""

from __future__ import annotations

import torch


class LARC(torch.optim.SGD):
    """SGD whose gradients are first scaled, tensor by tensor, by trust |w| / (|g| + decay |w|).

    The scaling is that of the gradient with weight decay, and is not clipped. A tensor that is all zero, or that has no
    gradient or an all-zero one, is left as it is, without decay.

    Parameters
    ----------
    params
        As for any optimiser.
    lr, momentum, weight_decay : float
    trust : float
        How much a tensor changes in a step, as a share of itself, at a learning rate of 1.
    """

    def __init__(self, params, lr: float, momentum: float = 0.0, weight_decay: float = 0.0, trust: float = 1e-3):
        super().__init__(params, lr, momentum, weight_decay=weight_decay)
        self.trust = trust

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        decays = [group["weight_decay"] for group in self.param_groups]
        for group, decay in zip(self.param_groups, decays, strict=True):
            for weight in group["params"]:
                if weight.grad is not None:
                    size, slope = weight.norm(), weight.grad.norm()
                    there = (size > 0) & (slope > 0)
                    factor = torch.where(there, self.trust * size / (slope + decay * size + 1e-8), 1.0)
                    weight.grad.add_(weight * torch.where(there, decay, 0.0)).mul_(factor)
            group["weight_decay"] = 0.0  # is in the gradient now
        super().step()
        for group, decay in zip(self.param_groups, decays, strict=True):
            group["weight_decay"] = decay
        return loss
