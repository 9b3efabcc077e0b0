"""The boxes' own patches through an encoder or a detector, some at a time, where nothing is learnt."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn

from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.model.inputs import center_views

AT_ONCE = 64


def box_tensors(patches: BoxPatches, rows: np.ndarray, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Returns HU int16 [N, 2n, 2n, 2n] and clipped locations float32 [N, 3] of some of the boxes."""
    hu, locations = np.array(patches.hu[rows]), patches.clipped()[rows]
    return torch.from_numpy(hu).to(device), torch.from_numpy(locations).to(device)


@torch.no_grad()
def box_outputs(model: nn.Module, hu: Tensor, locations: Tensor) -> Tensor:
    """Returns what an encoder or detector, which is left in eval mode, makes of the boxes' middle patches.

    Of `box_tensors` it makes representations [N, rep_dim], or logits [N].
    """
    model.eval()
    size = hu.shape[-1] // 2
    parts = zip(hu.split(AT_ONCE), locations.split(AT_ONCE), strict=True)
    return torch.cat([model(center_views(part, size)[:, None], location) for part, location in parts])


def box_features(encoder: nn.Module, patches: BoxPatches, told: np.ndarray | None = None) -> np.ndarray:
    """Returns an encoder's representations of the boxes' middle patches, float32 [N, rep_dim].

    It is told the boxes' own locations, or others: `told`, float [N, 3] in [-1, 1].
    """
    hu, locations = box_tensors(patches, np.arange(len(patches)), encoder.device)
    if told is not None:
        locations = torch.as_tensor(told, dtype=torch.float32, device=encoder.device)
    return box_outputs(encoder, hu, locations).float().cpu().numpy()


def direct_logits(detector: Detector, patches: BoxPatches, rows: np.ndarray) -> np.ndarray:
    """Returns a detector's logits [N] of the middle patches of some of the boxes."""
    if not len(rows):
        return np.zeros(0)
    return box_outputs(detector, *box_tensors(patches, rows, detector.device)).float().cpu().numpy()


def direct_probability(detector: Detector, patches: BoxPatches, rows: np.ndarray) -> np.ndarray:
    """Returns a detector's probabilities [N] of the middle patches of some of the boxes."""
    return expit(direct_logits(detector, patches, rows))
