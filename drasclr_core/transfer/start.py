"""Where a fine-tuning begins: random weights, or those of a training of the run, in one and the same network.

There are two networks: joint learning's, of images and volumes, and Models Genesis's, of cubes in 3D alone, which can
begin only a task of cubes. Each has random weights of its own to be compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from drasclr_core.image_volume import JointEncoder
from drasclr_core.methods import load_encoder
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.model.weights import CONFIG, weights_fingerprint
from drasclr_core.run import Run

RANDOM, RANDOM_3D = "random", "random_3d"
"""Names of the starts without any training."""
NETWORKS: dict[type[PatchEncoder], tuple[str, str]] = {
    JointEncoder: ("2D and 3D", RANDOM),
    GenesisEncoder: ("3D", RANDOM_3D),
}
"""What a table calls each network, and the start with its random weights."""
SAME = {JointEncoder: ("depth", "width", "small", "dim", "layers", "heads", "head_dim", "hidden"),
        GenesisEncoder: GenesisEncoder.architecture}  # fmt: skip
"""What two encoders have in common whose results are compared; attention is what some trainings differ in."""


@dataclass(frozen=True)
class Start:
    """One start.

    Attributes
    ----------
    name : str
        `RANDOM`, `RANDOM_3D`, or that of a training.
    architecture : mapping
        Arguments of the encoder.
    weights : Path or None
        Folder of the trained encoder.
    key : str
        Changes with weights and architecture.
    kind : type
        The encoder's class, one of `NETWORKS`.
    """

    name: str
    architecture: Mapping
    weights: Path | None
    key: str
    kind: type[PatchEncoder] = JointEncoder

    @property
    def network(self) -> str:
        """What a table calls the network."""
        return NETWORKS[self.kind][0]

    def encoder(self, seed: int) -> PatchEncoder:
        """Returns a new encoder; random weights follow from the seed, trained ones are always the same."""
        if self.weights:
            return load_encoder(self.weights)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.kind(**self.architecture)


def open_starts(run: Run, names: Sequence[str]) -> tuple[list[Start], list[str]]:
    """Returns the starts of these names, and which of them the run has not trained.

    Random weights are of the network of the first training of its kind that is there.

    Raises
    ------
    ValueError
        A training keeps another encoder than those of `NETWORKS`, or two of a kind differ in their networks.
    """
    randoms = {random: kind for kind, (_, random) in NETWORKS.items()}
    wanted = [name for name in names if name not in randoms]
    there = [name for name in wanted if (run.pretrain(name) / CONFIG).exists()]
    trained = [_start(name, run.pretrain(name)) for name in there]
    found = []
    for random, kind in randoms.items():
        alike = [start for start in trained if start.kind is kind]
        for one in alike[1:]:
            other = [part for part in SAME[kind] if one.architecture[part] != alike[0].architecture[part]]
            if other:
                raise ValueError(f"{one.name} and {alike[0].name} differ in {', '.join(other)}: train both with the "
                                 "same network, else the table compares networks.")  # fmt: skip
        if alike and random in names:
            architecture = alike[0].architecture
            alike.insert(0, Start(random, architecture, None, f"{random} {dict(architecture)}", kind))
        found += alike
    return found, [name for name in wanted if name not in there]


def _start(name: str, folder: Path) -> Start:
    encoder = load_encoder(folder)
    kind = type(encoder)
    if kind not in NETWORKS:
        raise ValueError(f"{name} keeps an encoder of type {encoder.model_type!r}, which begins no task here: name "
                         "trainings of joint image-volume learning, or Models Genesis.")  # fmt: skip
    architecture = {part: getattr(encoder, part) for part in kind.architecture}
    return Start(name, architecture, folder, weights_fingerprint(encoder), kind)
