"""What Med3D adds to its encoder: the head that segments, and reading the weights that its authors publish."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from drasclr_core.model.resnet import Med3DEncoder

HEAD = "conv_seg."
"""How the names of the head's tensors begin in a published file; the head is not taken over."""
REMEDY = "Take a file resnet_*.pth of MedicalNet with the same depth, and width 64, or leave weights empty."


class Med3D(nn.Module):
    """Encoder and head: logits [B, classes, 2m, 2m, 2m] of cubes [B, 1, n, n, n] in [-1, 1], m = n / 8 rounded up."""

    def __init__(self, encoder: Med3DEncoder, classes: int):
        super().__init__()
        self.encoder, self.head = encoder, segmentation_head(encoder.rep_dim, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder.maps(x))


def segmentation_head(channels: int, classes: int, hidden: int = 32) -> nn.Sequential:
    """Returns the head of Med3D: maps [B, channels, m, m, m] become logits [B, classes, 2m, 2m, 2m].

    A transposed convolution doubles the resolution; convolutions of 3^3 and 1^3 follow. The order of the modules, and
    so the tensors' names behind `HEAD`, are the published ones.
    """
    head = nn.Sequential(
        nn.ConvTranspose3d(channels, hidden, 2, stride=2), nn.BatchNorm3d(hidden), nn.ReLU(inplace=True),
        nn.Conv3d(hidden, hidden, 3, padding=1, bias=False), nn.BatchNorm3d(hidden), nn.ReLU(inplace=True),
        nn.Conv3d(hidden, classes, 1, bias=False),
    )  # fmt: skip
    for module in head:
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
    return head


def load_published(encoder: Med3DEncoder, path: str | Path) -> None:
    """Loads weights that the authors of Med3D publish (``resnet_10_23dataset.pth`` and others) into an encoder.

    Parameters
    ----------
    encoder : Med3DEncoder
        Of the file's depth, and width 64; changed in place.
    path : path
        What ``torch.save`` wrote: a dictionary with ``state_dict``, or the state itself, with or without the prefix
        ``module.`` of a training on several GPUs.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It holds no weights, or those of another network; the message says what differs.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path.name}: no such file of weights. {REMEDY}")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, OSError) as error:
        raise ValueError(f"{path.name} is not a file of PyTorch weights ({type(error).__name__}). {REMEDY}") from error
    found = found.get("state_dict", found) if isinstance(found, dict) else {}
    state = {name.removeprefix("module."): tensor for name, tensor in found.items() if torch.is_tensor(tensor)}
    state = {name: tensor for name, tensor in state.items() if not name.startswith(HEAD)}
    own = encoder.network.state_dict()
    counters = {name for name in own if name.endswith("num_batches_tracked")}  # files of PyTorch 0.4 have none
    wrong = sorted(name for name in (state.keys() | own.keys()) - counters
                   if name not in state or name not in own or state[name].shape != own[name].shape)  # fmt: skip
    if wrong:
        raise ValueError(f"{path.name} holds another network than a ResNet-{encoder.depth} of width {encoder.width}: "
                         f"{len(wrong)} tensors differ, the first is {wrong[0]}. {REMEDY}")  # fmt: skip
    encoder.network.load_state_dict(own | {name: state[name] for name in own if name in state})
