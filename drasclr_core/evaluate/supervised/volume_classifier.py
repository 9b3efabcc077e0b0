"""A 3D convolutional network for whole scans, with scikit-learn's ``fit`` and ``predict``."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from monai.networks.nets import ResNet
from safetensors.torch import load_file, save_file
from sklearn.base import BaseEstimator

from drasclr_core.evaluate.folds import stratified_folds
from drasclr_core.files import atomic
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import track

VERSION = 2
"""Raise when training changes, or what is kept of it, so that networks of an older version are trained anew."""
SHIFT = 0.1
"""Scans are shifted by up to this part of the cube's edge along each axis while training."""
VALIDATION_PARTS = 5
"""One part in so many of the training subjects decides when to stop, and trains nothing."""


@dataclass(frozen=True)
class CNNConfig:
    """How the network is built and trained.

    Parameters
    ----------
    width : int
        Channels of the first block of a 3D ResNet-10, of which each block has twice those before. 64 is the usual
        network, made for thousands of scans.
    epochs : int
        At most so many: the budget. It is meant to be larger than what training takes to stop by itself.
    patience : int
        Epochs without a better validation loss after which training stops: the validation curve is flat or rising.
    batch_size : int
        Scans in a step, at least.
    lr, weight_decay : float
        Of AdamW; the learning rate is that of a step.
    """

    width: int = 16
    epochs: int = 400
    patience: int = 40
    batch_size: int = 8
    lr: float = 1e-3
    weight_decay: float = 1e-2


class VolumeClassifier(BaseEstimator):
    """A small 3D ResNet with scikit-learn's ``fit`` and ``predict``.

    The loss is plain cross entropy, not weighted by how rare a grade is: accuracy counts every subject alike, and so
    does the logistic regression that the network is compared with. Scans are mirrored along every axis half of the time
    and shifted a little: a grade says how much of both lungs is ill, not where. The weights of the epoch with the
    lowest validation loss are kept.

    Parameters
    ----------
    classes : sequence of int
        All grades.
    config : CNNConfig
    seed : int
        Initial weights, validation subjects, order of batches and mirroring. On a CPU the same seed gives the same
        network.
    folder : path, optional
        Keeps the trained weights under `name`. They are used again while subjects, labels and settings are the same.
    name : str

    Attributes
    ----------
    history_ : dict
        How the training went: ``training_loss`` and ``validation_loss`` (lists, one mean cross entropy per epoch),
        ``kept_epoch`` (from 0, the one whose weights are kept) and ``stopped`` (``patience`` or ``budget``).
    """

    def __init__(
        self,
        classes: Sequence[int],
        config: CNNConfig,
        seed: int = 0,
        folder: Path | None = None,
        name: str = "network",
    ):
        self.classes = classes
        self.config = config
        self.seed = seed
        self.folder = folder
        self.name = name

    def fit(self, cubes: np.ndarray, labels: np.ndarray) -> VolumeClassifier:
        """Trains on labelled scans, or takes the weights that were kept for the same ones; returns itself.

        Parameters
        ----------
        cubes : int16 array [N, s, s, s]
            HU. At least two scans.
        labels : int array [N]
            Grades among `classes`.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network = _network(self.config.width, len(self.classes))
        if not self.folder:
            self.history_ = self._train(cubes, labels)
            return self
        file = Path(self.folder) / f"{self.name}.safetensors"

        def make() -> dict:
            history = self._train(cubes, labels)
            with atomic(file) as temporary:
                save_file(self.network.state_dict(), temporary)
            return history

        inputs = hashlib.sha256(np.ascontiguousarray(cubes)).hexdigest()
        settings = {"config": asdict(self.config), "seed": self.seed, "classes": list(self.classes)}
        key = fingerprint(version=VERSION, **settings, cubes=inputs, labels=labels)
        self.history_ = kept(self.folder, self.name, key, make, [file])
        self.network.load_state_dict(load_file(file))
        return self

    @torch.inference_mode()
    def predict(self, cubes: np.ndarray) -> np.ndarray:
        """Returns the most probable grade of each scan, int [N]; `cubes` as in `fit`."""
        network, device = _on_device(self.network.eval())
        parts = self._parts(len(cubes))
        best = [network(_scaled(cubes[rows]).to(device)).argmax(dim=1).cpu().numpy() for rows in parts]
        return np.asarray(self.classes)[np.concatenate(best)]

    def _train(self, cubes: np.ndarray, labels: np.ndarray) -> dict:
        """Trains the network in place, and returns its history."""
        config, rng, grades = self.config, np.random.default_rng(self.seed), np.searchsorted(self.classes, labels)
        held_out = stratified_folds(grades, VALIDATION_PARTS, rng, classes=True) == 0
        ours, theirs = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        network, device = _on_device(self.network)
        optimizer = torch.optim.AdamW(network.parameters(), config.lr, weight_decay=config.weight_decay)
        best, stopped, weights = 0, "budget", copy.deepcopy(network.state_dict())
        training, validation = [], []
        for epoch in track(range(config.epochs), f"3D CNN, {self.name}"):
            network.train()
            total = 0.0
            # Batches of nearly the same size, none smaller: batch norm cannot do with a last batch of one scan.
            for rows in np.array_split(rng.permutation(ours), max(1, len(ours) // config.batch_size)):
                scans = _varied(_scaled(cubes[rows]), rng)
                optimizer.zero_grad()
                loss = _loss(network, scans.to(device), torch.from_numpy(grades[rows]).to(device))
                loss.backward()
                optimizer.step()
                total += len(rows) * float(loss.detach())
            training.append(total / len(ours))
            validation.append(self._validation_loss(network.eval(), cubes[theirs], grades[theirs], device))
            if epoch == 0 or validation[epoch] < validation[best]:
                best, weights = epoch, copy.deepcopy(network.state_dict())
            elif epoch - best >= config.patience:
                stopped = "patience"
                break
        self.network.load_state_dict(weights)
        self.network.cpu()
        return {"training_loss": training, "validation_loss": validation, "kept_epoch": best, "stopped": stopped}

    @torch.inference_mode()
    def _validation_loss(self, network: ResNet, cubes: np.ndarray, grades: np.ndarray, device: torch.device) -> float:
        total = 0.0
        for rows in self._parts(len(cubes)):
            loss = _loss(network, _scaled(cubes[rows]).to(device), torch.from_numpy(grades[rows]).to(device))
            total += len(rows) * float(loss)
        return total / len(cubes)

    def _parts(self, count: int) -> list[np.ndarray]:
        return np.array_split(np.arange(count), -(-count // self.config.batch_size))


def _network(width: int, classes: int) -> ResNet:
    return ResNet(
        "basic", [1, 1, 1, 1], [width, 2 * width, 4 * width, 8 * width], n_input_channels=1, conv1_t_size=5,
        conv1_t_stride=2, num_classes=classes,
    )  # fmt: skip


def _on_device(network: torch.nn.Module) -> tuple[torch.nn.Module, torch.device]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return network.to(device), device


def _scaled(cubes: np.ndarray) -> torch.Tensor:
    """HU [N, s, s, s] as the network sees them, float32 [N, 1, s, s, s]: the paper's window on [-1, 1]."""
    return normalise(above_air(torch.from_numpy(np.ascontiguousarray(cubes))))[:, None]


def _varied(scans: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Scans [N, 1, s, s, s] mirrored along random axes and shifted at random, the border voxels repeated."""
    most, size = round(SHIFT * scans.shape[-1]), scans.shape[-1]
    padded = torch.nn.functional.pad(scans, (most,) * 6, mode="replicate")
    varied = []
    for scan in padded:
        scan = scan.flip([axis for axis in (1, 2, 3) if rng.random() < 0.5])
        x, y, z = rng.integers(0, 2 * most + 1, 3)
        varied.append(scan[:, x : x + size, y : y + size, z : z + size])
    return torch.stack(varied)


def _loss(network: torch.nn.Module, scans: torch.Tensor, grades: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(network(scans), grades)
