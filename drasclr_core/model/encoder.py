"""The encoder e of 3D patches, built of convolutions that know the location, and the projection head g."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.conditioning import CONDITIONINGS, Fusion
from drasclr_core.model.landmark_norm import LandmarkInterpolation, LandmarkNorm
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


NORMS = ("batch", "landmark", "group")
GROUPS = 8  # of channels, for group norm


class ConvBlock(nn.Module):
    """Convolution, normalisation, ELU."""

    def __init__(self, conv: LocationConv3d, norm: str, landmarks: int):
        super().__init__()
        self.conv, channels = conv, len(conv.bias)
        if norm == "landmark":
            self.norm = LandmarkNorm(channels, landmarks)
        else:
            self.norm = nn.BatchNorm3d(channels) if norm == "batch" else nn.GroupNorm(min(GROUPS, channels), channels)

    def forward(self, x: Tensor, location: Tensor | LocationGroups, shares: tuple = ()) -> Tensor:
        return F.elu(self.norm(self.conv(x, location), *shares), inplace=True)


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
    norm : str
        ``batch`` (the paper's: batch norm, with statistics of the whole lung after training), ``landmark`` (see
        `LandmarkNorm`) or ``group`` (group norm, which sees one patch alone).
    landmarks : int
        Of which ``landmark`` norm keeps statistics; 0 for the others.

    Raises
    ------
    ValueError
        For an unknown conditioning or norm, or a landmark norm without landmarks.
    """

    model_type = "drasclr"
    architecture = ("rep_dim", "num_experts", "conditioning", "norm", "landmarks")

    def __init__(self, rep_dim: int = 128, num_experts: int = 8, conditioning: str = "loc-condconv",
                 norm: str = "batch", landmarks: int = 0):  # fmt: skip
        super().__init__(rep_dim)
        refuse_unknown([conditioning], CONDITIONINGS, "conditioning")
        refuse_unknown([norm], NORMS, "norm")
        if (norm == "landmark") != (landmarks > 0):
            raise ValueError(f"The norm {norm!r} cannot keep statistics of {landmarks} landmarks: give their number "
                             "for the norm 'landmark' only.")  # fmt: skip
        convolution, fused = CONDITIONINGS[conditioning]
        self.num_experts, self.conditioning, self.norm, self.landmarks = num_experts, conditioning, norm, landmarks
        self.interpolation = LandmarkInterpolation(landmarks) if landmarks else None
        self.blocks = nn.ModuleList(
            ConvBlock(convolution(i, o or rep_dim, stride=stride, num_experts=num_experts), norm, landmarks)
            for i, o, stride in LAYERS
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
        self._check(x, location)
        if isinstance(location, LocationGroups) and len(location.sizes) == 1:
            location = location.unique[0]
        grouped = isinstance(location, LocationGroups)
        if self.norm == "landmark" and self.training and grouped:  # each landmark has statistics of its own
            return torch.cat([self(*one) for one in zip(x.split(location.sizes), location.unique, strict=True)])
        x = x.to(self.dtype, memory_format=torch.channels_last_3d)
        shares = ()
        if self.interpolation is not None and not self.training:
            shares = (
                (self.interpolation(location.unique), location.sizes) if grouped else (self.interpolation(location),)
            )
        for block in self.blocks:
            x = block(x, location, shares)
        h = x.flatten(1)
        return h if self.fusion is None else self.fusion(h, location)

    def maps(self, x: Tensor, location: Tensor) -> list[Tensor]:
        """The maps on the way to the representation, for a decoder with skip connections.

        Parameters
        ----------
        x : Tensor [B, 1, n, n, n]
            As in `forward`.
        location : Tensor [3]
            One for all patches.

        Returns
        -------
        list of 6 Tensors [B, C, m, m, m]
            The last map of each resolution, from the finest (m = n) on; the last one is the representation as a map
            (m = 1), before a fusion with the location.

        Raises
        ------
        ValueError
            As `forward` does, and for a landmark norm.
        """
        if self.norm == "landmark":
            raise ValueError("Maps of an encoder with landmark norm are not defined here: take batch or group norm.")
        self._check(x, location)
        x, kept = x.to(self.dtype, memory_format=torch.channels_last_3d), []
        for block in self.blocks:
            if block.conv.stride > 1:
                kept.append(x)
            x = block(x, location)
        return [*kept, x]

    def _check(self, x: Tensor, location: Tensor | LocationGroups) -> None:
        if not self.training:
            check_locations(location.unique if isinstance(location, LocationGroups) else location)
        if max(x.shape[2:]) > 32:
            raise ValueError(f"The encoder takes patches of at most 32 voxels per side, not {tuple(x.shape[2:])}.")


def last_channels(rep_dim: int) -> list[int]:
    """Returns the channels of `Encoder.maps`, from the finest to the coarsest."""
    return [*(entering for entering, _, stride in LAYERS if stride > 1), rep_dim]


class ProjectionHead(nn.Sequential):
    """g: Linear, ReLU, Linear; maps h to the space in which views are contrasted."""

    def __init__(self, rep_dim: int = 128, dim: int = 128):
        super().__init__(nn.Linear(rep_dim, rep_dim), nn.ReLU(inplace=True), nn.Linear(rep_dim, dim))


def check_locations(location: Tensor) -> None:
    """Raises ValueError unless all coordinates lie in [-1, 1]: voxel indices would saturate the routing."""
    if location.abs().max() > 1 + 1e-6:
        raise ValueError(f"Locations must be atlas coordinates in [-1, 1], but one is {location.abs().max():.4g}. "
                         "Scale millimetres or voxel indices first, with Atlas.scale.")  # fmt: skip
