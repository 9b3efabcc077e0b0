"""Where a fine-tuning begins: random weights, or those of a training of the run, in one and the same network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from drasclr_core.image_volume import JointEncoder
from drasclr_core.methods import load_encoder
from drasclr_core.model.weights import CONFIG, weights_fingerprint
from drasclr_core.run import Run

RANDOM = "random"
"""Name of the start without any training."""
SAME = ("depth", "width", "small", "dim", "layers", "heads", "head_dim", "hidden")
"""What two encoders have in common whose results are compared; attention is what some trainings differ in."""


@dataclass(frozen=True)
class Start:
    """One start.

    Attributes
    ----------
    name : str
        `RANDOM`, or that of a training.
    architecture : mapping
        Arguments of `JointEncoder`.
    weights : Path or None
        Folder of the trained encoder.
    key : str
        Changes with weights and architecture.
    """

    name: str
    architecture: Mapping
    weights: Path | None
    key: str

    def encoder(self, seed: int) -> JointEncoder:
        """Returns a new encoder; random weights follow from the seed, trained ones are always the same."""
        if self.weights:
            return load_encoder(self.weights)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return JointEncoder(**self.architecture)


def open_starts(run: Run, names: Sequence[str]) -> tuple[list[Start], list[str]]:
    """Returns the starts of these names, and which of them the run has not trained.

    Random weights are of the network of the first training that is there.

    Raises
    ------
    ValueError
        A training keeps no encoder of images, or two differ in their networks.
    """
    wanted = [name for name in names if name != RANDOM]
    there = [name for name in wanted if (run.pretrain(name) / CONFIG).exists()]
    encoders = {name: load_encoder(run.pretrain(name)) for name in there}
    for name, encoder in encoders.items():
        if not isinstance(encoder, JointEncoder):
            raise ValueError(f"{name} keeps an encoder of type {encoder.model_type!r}, which knows no images: name "
                             "trainings of joint image-volume learning.")  # fmt: skip
    found = [_start(name, run.pretrain(name), encoder) for name, encoder in encoders.items()]
    for one in found[1:]:
        other = [part for part in SAME if one.architecture[part] != found[0].architecture[part]]
        if other:
            raise ValueError(f"{one.name} and {found[0].name} differ in {', '.join(other)}: train both with the same "
                             "network, else the table compares networks.")  # fmt: skip
    if found and RANDOM in names:
        architecture = found[0].architecture
        found.insert(0, Start(RANDOM, architecture, None, f"{RANDOM} {dict(architecture)}"))
    return found, [name for name in wanted if name not in there]


def _start(name: str, folder: Path, encoder: JointEncoder) -> Start:
    architecture = {part: getattr(encoder, part) for part in JointEncoder.architecture}
    return Start(name, architecture, folder, weights_fingerprint(encoder))
