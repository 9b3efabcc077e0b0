"""How a network on whole scans is built and trained; by default the 3D CNN of the paper's Table 4."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class CNNConfig:
    """How a network is built and trained; here the 3D CNN of the paper's Table 4.

    Parameters
    ----------
    width : int
        Channels of the first block of a 3D ResNet-10, of which each block has twice those before. 64 is the usual
        network, made for thousands of scans.
    epochs : int
        At most so many: the budget. It is meant to be larger than what training takes to stop by itself.
    patience : int
        Epochs without a better validation loss after which training stops: the validation curve is flat or rising.
    batch_size : int
        Scans in a step, at least.
    lr, weight_decay : float
        Of AdamW; the learning rate is that of a step.
    """

    width: int = 16
    epochs: int = 400
    patience: int = 40
    batch_size: int = 8
    lr: float = 1e-3
    weight_decay: float = 1e-2

    def network(self, outputs: int) -> nn.Module:
        """Returns the untrained network: scans [N, 1, s, s, s] in [-1, 1] -> [N, outputs]."""
        from monai.networks.nets import ResNet  # takes seconds, so only where there is one

        width = self.width
        return ResNet(
            "basic", [1, 1, 1, 1], [width, 2 * width, 4 * width, 8 * width], n_input_channels=1, conv1_t_size=5,
            conv1_t_stride=2, num_classes=outputs,
        )  # fmt: skip
