"""The 2D CNN of the paper's Table 2: a network that sees four slices of a scan side by side (Gonzalez et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from drasclr_core.evaluate.supervised.cnn_config import CNNConfig

POOLED = 4
"""The last feature map is pooled to so many places along each edge before the dense layers."""
DENSE = 128
DROPOUT = 0.5


@dataclass(frozen=True)
class SlicesConfig(CNNConfig):
    """How the 2D CNN is built and trained: one network for each label, from nothing (see `VolumeModel`).

    Parameters
    ----------
    width : int
        Filters of the first convolution; the others have twice and four times as many.
    size : int
        Edge of a slice in pixels.

    Notes
    -----
    Gonzalez et al., *Disease staging and prognosis in smokers using deep learning in chest computed tomography*, Am J
    Respir Crit Care Med 197 (2018) 193-203: a montage of four views of one scan, two axial, one coronal and one
    sagittal, three convolutions with pooling between them, and two dense layers.

    What differs from the publication:

    - Theirs are slices at landmarks of the anatomy in full resolution, ours lie at fixed shares of the box round the
      lungs, and are as thick as their pixels are wide.
    - Numbers and sizes of filters, drop-out and AdamW are our choice, and so is when training stops: by the loss of a
      fifth of the training subjects. Scans are mirrored and shifted at random, because there are hundreds, not 7,983.
      Batch norm follows each convolution: without it, nothing is learnt from so few.
    - DrasCLR's paper prints three of its numbers (logFEV1pp, GOLD, CLE within one grade); ours has all tasks.
    """

    patience: int = 30
    size: int = 48

    def network(self, outputs: int) -> nn.Module:
        """Returns the untrained network: scans [N, 1, s, s, s] in [-1, 1] -> [N, outputs]."""
        return SlicesNetwork(self.width, outputs)


class SlicesNetwork(nn.Module):
    """Slices of a whole scan, side by side, through three convolutions and two dense layers."""

    def __init__(self, width: int, outputs: int):
        super().__init__()
        channels = (1, width, 2 * width, 4 * width)
        layers = [
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))
            for a, b in pairwise(channels)
        ]
        self.convolutions = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(POOLED), nn.Flatten())
        self.fc1 = nn.Linear(channels[-1] * POOLED**2, DENSE)
        self.dropout = nn.Dropout(DROPOUT)
        self.fc = nn.Linear(DENSE, outputs)

    def forward(self, scans: Tensor) -> Tensor:
        """[N, 1, s, s, s] -> [N, outputs]."""
        return self.fc(self.dropout(torch.relu(self.fc1(self.convolutions(montage(scans))))))


def montage(scans: Tensor) -> Tensor:
    """Returns four slices of each scan side by side, [N, 1, 2s, 2s].

    Above two axial slices, at a third and at two thirds of the height of the lungs; below a coronal one through the
    middle, and a sagittal one through the middle of the right lung. `scans` are [N, 1, s, s, s], axes towards right,
    front and top (see `whole_lung_cubes`).
    """
    size = scans.shape[-1]
    low, high = (scans[..., size * third // 3] for third in (1, 2))
    coronal, sagittal = scans[..., size // 2, :], scans[..., size * 3 // 4, :, :]
    return torch.cat([torch.cat([low, high], dim=-1), torch.cat([coronal, sagittal], dim=-1)], dim=-2)
