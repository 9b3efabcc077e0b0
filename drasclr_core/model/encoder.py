"""The encoder e of 3D patches, built of Loc-CondConv layers, and the projection head g."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from drasclr_core.model.locconv import LocationGroups, LocCondConv3d, group_locations
from drasclr_core.run import atomic, read_json, write_json

# (in, out, stride) of the convolutions, the authors' names in comments; the last output is the representation.
LAYERS = (
    (1, 8, 1), (8, 8, 2),  # conv1, conv2
    (8, 16, 1), (16, 16, 1), (16, 16, 2),  # downsample1
    (16, 32, 1), (32, 32, 1), (32, 32, 2),  # downsample2
    (32, 64, 1), (64, 64, 1), (64, 64, 2),  # downsample3
    (64, 128, 1), (128, None, 2),  # conv3, conv4
)  # fmt: skip


class ConvBlock(nn.Module):
    """Loc-CondConv, batch norm, ELU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, num_experts: int):
        super().__init__()
        self.conv = LocCondConv3d(in_channels, out_channels, stride=stride, num_experts=num_experts)
        self.norm = nn.BatchNorm3d(out_channels)

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return F.elu(self.norm(self.conv(x, location)), inplace=True)


class Encoder(nn.Module):
    """e(x, p): a patch x at location p becomes `rep_dim` numbers h (paper Section 3).

    Parameters
    ----------
    rep_dim : int
        Length of the representation h.
    num_experts : int
        Experts of every Loc-CondConv layer.

    Attributes
    ----------
    description : dict
        What the weights mean (voxel and patch size, HU window, training data...); travels with them as JSON.
    """

    def __init__(self, rep_dim: int = 128, num_experts: int = 8):
        super().__init__()
        self.rep_dim, self.num_experts = rep_dim, num_experts
        self.blocks = nn.ModuleList(ConvBlock(i, o or rep_dim, stride, num_experts) for i, o, stride in LAYERS)
        self.description: dict = {}

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Represent a batch of patches.

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
        x = x.contiguous(memory_format=torch.channels_last_3d)
        for block in self.blocks:
            x = block(x, location)
        return x.flatten(1)

    def save_pretrained(self, folder: str | Path, **description) -> None:
        """Write ``encoder.safetensors`` and ``encoder.json`` (sizes, checksum of the weights, `description`)."""
        self.description |= description
        with atomic(Path(folder) / "encoder.safetensors") as path:
            save_file({name: tensor.contiguous().cpu() for name, tensor in self.state_dict().items()}, path)
            checksum = _checksum(path)
        write_json(Path(folder) / "encoder.json", {**self.description, "rep_dim": self.rep_dim,
                                                   "num_experts": self.num_experts, "sha256": checksum})  # fmt: skip

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Encoder:
        """Read what `save_pretrained` wrote; the encoder comes back in eval mode.

        Raises
        ------
        FileNotFoundError
            If one of the two files is missing.
        ValueError
            If the weights are not the ones that the JSON describes.
        """
        weights, about = Path(folder) / "encoder.safetensors", Path(folder) / "encoder.json"
        for path in (weights, about):
            if not path.exists():
                raise FileNotFoundError(f"{path} is missing. Run notebook 06_pretrain first, or give another folder.")
        description = read_json(about)
        if _checksum(weights) != description["sha256"]:
            raise ValueError(f"{weights} is not the file that {about.name} describes (their checksums differ). "
                             "Copy both files again from the same run.")  # fmt: skip
        encoder = cls(description["rep_dim"], description["num_experts"])
        state, own = load_file(weights), encoder.state_dict()
        wrong = sorted(name for name in state.keys() | own.keys()
                       if name not in state or name not in own or state[name].shape != own[name].shape)  # fmt: skip
        if wrong:
            raise ValueError(f"{weights} does not hold an encoder of rep_dim {encoder.rep_dim} and "
                             f"{encoder.num_experts} experts: {len(wrong)} tensors differ, first {wrong[0]}. "
                             f"Was {about.name} edited?")  # fmt: skip
        encoder.load_state_dict(state)
        encoder.description = description
        return encoder.eval()


class ProjectionHead(nn.Sequential):
    """g: Linear, ReLU, Linear; maps h to the space in which views are contrasted."""

    def __init__(self, rep_dim: int = 128, dim: int = 128):
        super().__init__(nn.Linear(rep_dim, rep_dim), nn.ReLU(inplace=True), nn.Linear(rep_dim, dim))


def check_locations(location: Tensor) -> None:
    """Raise ValueError unless all coordinates lie in [-1, 1]: voxel indices would saturate the routing."""
    if location.abs().max() > 1 + 1e-6:
        raise ValueError(f"Locations must be atlas coordinates in [-1, 1], but one is {location.abs().max():.4g}. "
                         "Scale millimetres or voxel indices first, with Atlas.scale.")  # fmt: skip


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
