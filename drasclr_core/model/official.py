"""Reads checkpoints of the authors' code, and their way to scale locations."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model.encoder import Encoder

# The authors' (stage, number) of our blocks 0 to 12: conv1, conv2, downsample1.conv1, ... conv3, conv4.
BLOCKS = [(None, "1"), (None, "2"), *((stage, number) for stage in "123" for number in "123"), (None, "3"), (None, "4")]


def load_official_state(path_or_dict: str | Path | dict[str, Tensor]) -> Encoder:
    """An `Encoder` (in eval mode) with the weights of the authors' checkpoint.

    Parameters
    ----------
    path_or_dict : path or dict
        A checkpoint file (with or without a ``state_dict`` level) or its state dict. Names may or may not begin
        with ``module.encoder_q.``.

    Raises
    ------
    ValueError
        If the dict does not hold the authors' encoder.
    """
    state = path_or_dict
    if not isinstance(state, dict):
        state = torch.load(path_or_dict, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
    encoder_state, _ = convert_official_state(state)
    if "blocks.12.conv.weight" not in encoder_state:
        raise ValueError("This is not a checkpoint of the authors' DrasCLR encoder: it has no conv4.weight.")
    num_experts, rep_dim = encoder_state["blocks.12.conv.weight"].shape[:2]
    encoder = Encoder(rep_dim, num_experts).to(encoder_state["blocks.12.conv.weight"].dtype)
    encoder.load_state_dict(encoder_state)
    return encoder.eval()


def convert_official_state(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Split the authors' state dict into ours for `Encoder` and for `ProjectionHead` (which may be empty).

    A whole model's dict (``module.encoder_q.…``, ``module.encoder_k.…``, ``module.queue``) gives the query network.
    """
    prefix = re.compile(r"^(module\.)?encoder_q\.")
    if any(prefix.match(name) for name in state):
        state = {prefix.sub("", name): tensor for name, tensor in state.items() if prefix.match(name)}
    state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    heads = {name.removeprefix("fc."): tensor for name, tensor in state.items() if name.startswith("fc.")}
    encoder = {_our_name(name): tensor for name, tensor in state.items() if not name.startswith("fc.")}
    return encoder, heads


def official_locations(corners: np.ndarray) -> np.ndarray:
    """The authors' location scaling: corner index / largest index * 2 - 1 per axis; [L, 3] voxels -> [L, 3]."""
    return corners / corners.max(axis=0) * 2 - 1


def _our_name(name: str) -> str:
    """``downsample2.conv1._routing_fn.fc.weight`` -> ``blocks.5.conv.routing.weight``."""
    match = re.fullmatch(r"(?:downsample(\d)\.)?(conv|bn)(\d)\.(.+)", name)
    if match is None:
        raise ValueError(f"This is not a checkpoint of the authors' DrasCLR encoder: it has a tensor {name}.")
    stage, kind, number, rest = match.groups()
    block = BLOCKS.index((stage, number))
    return f"blocks.{block}.{'conv' if kind == 'conv' else 'norm'}.{rest.replace('_routing_fn.fc', 'routing')}"
