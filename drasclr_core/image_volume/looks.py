"""Where the deformable attention of an encoder looks in volumes."""

from __future__ import annotations

import torch
from torch import Tensor

from drasclr_core.image_volume.deformable import DeformableAttention
from drasclr_core.image_volume.encoder import JointEncoder


@torch.no_grad()
def looked_at(encoder: JointEncoder, volumes: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the places at which every layer of f_inter looks, and where they would be without offsets.

    Parameters
    ----------
    encoder : JointEncoder
        In eval mode, with attention ``deformable``.
    volumes : float Tensor [B, 1, x, y, z]
        In [-1, 1].

    Returns
    -------
    places : Tensor [layers, B, groups, m]
        In slices from the first one (0) on; between, what is seen is interpolated, and beyond the ends it is the first
        or last slice.
    even : Tensor [m]

    Raises
    ------
    ValueError
        The attention has no places.
    """
    x, found = encoder.embed_slices(volumes), []
    for layer in encoder.inter:
        if not isinstance(layer.attention, DeformableAttention):
            raise ValueError(f"attention {encoder.attention!r} looks at all slices: take a training with deformable "
                             "attention.")  # fmt: skip
        found.append(layer.attention.places(x))
        x = layer(x)
    count = found[0].shape[-1]
    return torch.stack(found), torch.linspace(0, volumes.shape[-1] - 1, count)
