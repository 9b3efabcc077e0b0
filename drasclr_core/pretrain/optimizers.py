"""Several optimisers in the place of one, for methods whose parts learn by different rules."""

from __future__ import annotations

import torch


class JointOptimizer(torch.optim.Optimizer):
    """Optimisers of disjoint parameters that step together, with one state.

    Parameters
    ----------
    parts : Optimizer
        Their groups of parameters, in this order, are those of the whole.
    """

    def __init__(self, *parts: torch.optim.Optimizer):
        self.parts = parts
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._share()

    def _share(self) -> None:
        """The groups are those of the parts themselves, so that a rate set here is a rate set there."""
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure=None):
        loss = None if closure is None else closure()
        for part in self.parts:
            part.step()
        return loss

    def state_dict(self) -> dict:
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict) -> None:
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share()
