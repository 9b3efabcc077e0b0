"""The boxes' own patches through an encoder or a detector, some at a time, where nothing is learnt."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from drasclr_core.detect.detector import Detector
from drasclr_core.detect.patches import BoxPatches
from drasclr_core.model.encoder import Encoder
from drasclr_core.model.inputs import center_views

AT_ONCE = 64


def box_tensors(patches: BoxPatches, rows: np.ndarray, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """HU int16 [N, 2n, 2n, 2n] and clipped locations float32 [N, 3] of some of the boxes."""
    hu, places = np.array(patches.hu[rows]), patches.clipped()[rows]
    return torch.from_numpy(hu).to(device), torch.from_numpy(places).to(device)


@torch.no_grad()
def box_outputs(model: Encoder | Detector, hu: Tensor, places: Tensor) -> Tensor:
    """What a model, which is left in eval mode, makes of the boxes' middle patches: [N, rep_dim], or logits [N].

    Parameters
    ----------
    model : Encoder or Detector
    hu, places : Tensor
        From `box_tensors`.
    """
    model.eval()
    size = hu.shape[-1] // 2
    parts = zip(hu.split(AT_ONCE), places.split(AT_ONCE), strict=True)
    return torch.cat([model(center_views(part, size)[:, None], place) for part, place in parts])
