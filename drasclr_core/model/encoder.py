"""The encoder e of 3D patches, built of convolutions that know the location, and the projection head g."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.conditioning import CONDITIONINGS, Fusion
from drasclr_core.model.locconv import LocationConv3d, LocationGroups, group_locations
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.names import refuse_unknown

# (in, out, stride) of the convolutions, the authors' names in comments; the last output is the representation.
LAYERS = (
    (1, 8, 1), (8, 8, 2),  # conv1, conv2
    (8, 16, 1), (16, 16, 1), (16, 16, 2),  # downsample1
    (16, 32, 1), (32, 32, 1), (32, 32, 2),  # downsample2
    (32, 64, 1), (64, 64, 1), (64, 64, 2),  # downsample3
    (64, 128, 1), (128, None, 2),  # conv3, conv4
)  # fmt: skip


class ConvBlock(nn.Module):
    """Convolution, batch norm, ELU."""

    def __init__(self, conv: LocationConv3d):
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm3d(len(conv.bias))

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return F.elu(self.norm(self.conv(x, location)), inplace=True)


class Encoder(PatchEncoder):
    """e(x, p): a patch x at location p becomes `rep_dim` numbers h (paper Section 3).

    Parameters
    ----------
    rep_dim : int
        Length of the representation h.
    num_experts : int
        Experts of every Loc-CondConv layer (hidden units, for ``hypernetwork``).
    conditioning : str
        How the location enters (Table 6): ``loc-condconv`` (the paper's method), ``none``, ``concat`` (joined to the
        last features) or ``hypernetwork`` (a fully connected network of the location makes the kernels).

    Raises
    ------
    ValueError
        For an unknown conditioning.
    """

    model_type = "drasclr"
    architecture = ("rep_dim", "num_experts", "conditioning")
    voxelwise = True

    def __init__(self, rep_dim: int = 128, num_experts: int = 8, conditioning: str = "loc-condconv"):
        super().__init__(rep_dim)
        refuse_unknown([conditioning], CONDITIONINGS, "conditioning")
        convolution, fused = CONDITIONINGS[conditioning]
        self.num_experts, self.conditioning = num_experts, conditioning
        self.blocks = nn.ModuleList(
            ConvBlock(convolution(i, o or rep_dim, stride=stride, num_experts=num_experts)) for i, o, stride in LAYERS
        )
        self.fusion = Fusion(rep_dim) if fused else None

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Represents a batch of patches.

        Parameters
        ----------
        x : Tensor [B, 1, n, n, n]
            Patches scaled to [-1, 1], n at most 32.
        location : Tensor [3] or [B, 3], or LocationGroups
            Where the patches lie in the atlas, in [-1, 1] per axis.

        Returns
        -------
        Tensor [B, rep_dim]

        Raises
        ------
        ValueError
            In eval mode, for a location outside [-1, 1] (in training the model checks all locations once).
            For a patch larger than 32 voxels per side.
        """
        if torch.is_tensor(location) and location.ndim == 2:
            order, groups = group_locations(location)
            return self(x[order], groups)[order.argsort()]
        if not self.training:
            check_locations(location.unique if isinstance(location, LocationGroups) else location)
        if max(x.shape[2:]) > 32:
            raise ValueError(f"The encoder takes patches of at most 32 voxels per side, not {tuple(x.shape[2:])}.")
        x = x.to(self.dtype, memory_format=torch.channels_last_3d)
        for block in self.blocks:
            x = block(x, location)
        h = x.flatten(1)
        return h if self.fusion is None else self.fusion(h, location)


class ProjectionHead(nn.Sequential):
    """g: Linear, ReLU, Linear; maps h to the space in which views are contrasted."""

    def __init__(self, rep_dim: int = 128, dim: int = 128):
        super().__init__(nn.Linear(rep_dim, rep_dim), nn.ReLU(inplace=True), nn.Linear(rep_dim, dim))


def check_locations(location: Tensor) -> None:
    """Raises ValueError unless all coordinates lie in [-1, 1]: voxel indices would saturate the routing."""
    if location.abs().max() > 1 + 1e-6:
        raise ValueError(f"Locations must be atlas coordinates in [-1, 1], but one is {location.abs().max():.4g}. "
                         "Scale millimetres or voxel indices first, with Atlas.scale.")  # fmt: skip
