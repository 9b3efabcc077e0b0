"""Supervised networks that see a whole scan at once, with scikit-learn's ``fit`` and ``predict``."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.base import BaseEstimator
from torch import nn

from drasclr_core.evaluate.folds import stratified_folds
from drasclr_core.evaluate.supervised.cnn_config import CNNConfig
from drasclr_core.files import atomic
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import track

VERSION = 3
"""Raise when training changes, or what is kept of it, so that networks of an older version are trained anew."""
SHIFT = 0.1
"""Scans are shifted by up to this part of the cube's edge along each axis while training."""
VALIDATION_PARTS = 5
"""One part in so many of the training subjects decides when to stop, and trains nothing."""


class VolumeModel(BaseEstimator):
    """A network on whole scans with scikit-learn's ``fit`` and ``predict``, for grades or for a number.

    The loss of grades is plain cross entropy, not weighted by how rare a grade is: accuracy counts every subject alike,
    and so does the logistic regression that the network is compared with. That of a number is the mean squared error,
    in units of the variance of the training subjects. Scans are mirrored along every axis half of the time
    and shifted a little: a label says how much of both lungs is ill, not where. The weights of the epoch with the
    lowest validation loss are kept.

    Parameters
    ----------
    classes : sequence of int or None
        All grades; None for a number.
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
        How the training went: ``training_loss`` and ``validation_loss`` (lists, one mean loss per epoch),
        ``kept_epoch`` (from 0, the one whose weights are kept) and ``stopped`` (``patience`` or ``budget``).
    """

    def __init__(
        self,
        classes: Sequence[int] | None,
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

    def fit(self, cubes: np.ndarray, labels: np.ndarray) -> VolumeModel:
        """Trains on labelled scans, or takes the weights that were kept for the same ones; returns itself.

        Parameters
        ----------
        cubes : int16 array [N, s, s, s]
            HU. At least two scans.
        labels : array [N]
            Grades among `classes` (int), or numbers.
        """
        graded = self.classes is not None
        self.mean_, self.sd_ = (0.0, 1.0) if graded else (float(np.mean(labels)), float(np.std(labels)) or 1.0)
        with torch.random.fork_rng(devices=[]):  # of the caller's random numbers none is used
            torch.manual_seed(self.seed)
            self.network = self.config.network(len(self.classes) if graded else 1)
            self.history_ = self._trained(cubes, labels)
        return self

    @torch.inference_mode()
    def predict(self, cubes: np.ndarray) -> np.ndarray:
        """Returns the most probable grade of each scan, int [N], or its number, float [N]; `cubes` as in `fit`."""
        network, device = on_device(self.network.eval())
        parts = self._parts(len(cubes))
        outputs = np.concatenate([network(_scaled(cubes[rows]).to(device)).cpu().numpy() for rows in parts])
        if self.classes is None:
            return self.mean_ + self.sd_ * outputs[:, 0].astype(float)
        return np.asarray(self.classes)[outputs.argmax(axis=1)]

    def _targets(self, labels: np.ndarray) -> torch.Tensor:
        """Positions among the grades, int64 [N], or numbers in standard deviations from the mean, float32 [N]."""
        if self.classes is None:
            return torch.from_numpy((labels - self.mean_) / self.sd_).float()
        return torch.from_numpy(np.searchsorted(self.classes, labels))

    def _trained(self, cubes: np.ndarray, labels: np.ndarray) -> dict:
        """Trains the network, or gives it the weights that were kept, and returns its history."""
        if not self.folder:
            return self._train(cubes, labels)
        file = Path(self.folder) / f"{self.name}.safetensors"

        def make() -> dict:
            history = self._train(cubes, labels)
            with atomic(file) as temporary:
                save_file(self.network.state_dict(), temporary)
            return history

        inputs = hashlib.sha256(np.ascontiguousarray(cubes)).hexdigest()
        settings = {"config": asdict(self.config), "seed": self.seed, "classes": self.classes and list(self.classes)}
        kind = type(self.config).__name__
        key = fingerprint(version=VERSION, kind=kind, **settings, cubes=inputs, labels=labels)
        history = kept(self.folder, self.name, key, make, [file])
        self.network.load_state_dict(load_file(file))
        return history

    def _train(self, cubes: np.ndarray, labels: np.ndarray) -> dict:
        """Trains the network in place, and returns its history."""
        config, rng, targets = self.config, np.random.default_rng(self.seed), self._targets(labels)
        held_out = stratified_folds(targets.numpy(), VALIDATION_PARTS, rng, classes=self.classes is not None) == 0
        ours, theirs = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        network, device = on_device(self.network)
        optimizer = torch.optim.AdamW(network.parameters(), config.lr, weight_decay=config.weight_decay)
        best, stopped, weights = 0, "budget", copy.deepcopy(network.state_dict())
        training, validation = [], []
        for epoch in track(range(config.epochs), f"CNN, {self.name}"):
            network.train()
            total = 0.0
            # Batches of nearly the same size, none smaller: batch norm cannot do with a last batch of one scan.
            for rows in np.array_split(rng.permutation(ours), max(1, len(ours) // config.batch_size)):
                scans = _varied(_scaled(cubes[rows]), rng)
                optimizer.zero_grad()
                loss = _loss(network, scans.to(device), targets[rows].to(device))
                loss.backward()
                optimizer.step()
                total += len(rows) * float(loss.detach())
            training.append(total / len(ours))
            validation.append(self._validation_loss(network.eval(), cubes[theirs], targets[theirs], device))
            if epoch == 0 or validation[epoch] < validation[best]:
                best, weights = epoch, copy.deepcopy(network.state_dict())
            elif epoch - best >= config.patience:
                stopped = "patience"
                break
        self.network.load_state_dict(weights)
        self.network.cpu()
        return {"training_loss": training, "validation_loss": validation, "kept_epoch": best, "stopped": stopped}

    @torch.inference_mode()
    def _validation_loss(
        self, network: nn.Module, cubes: np.ndarray, targets: torch.Tensor, device: torch.device
    ) -> float:
        total = 0.0
        for rows in self._parts(len(cubes)):
            loss = _loss(network, _scaled(cubes[rows]).to(device), targets[rows].to(device))
            total += len(rows) * float(loss)
        return total / len(cubes)

    def _parts(self, count: int) -> list[np.ndarray]:
        return np.array_split(np.arange(count), -(-count // self.config.batch_size))


def on_device(network: nn.Module) -> tuple[nn.Module, torch.device]:
    """Returns a network on the GPU where there is one, and the device."""
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


def _loss(network: nn.Module, scans: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    outputs = network(scans)
    if targets.is_floating_point():
        return torch.nn.functional.mse_loss(outputs[:, 0], targets)
    return torch.nn.functional.cross_entropy(outputs, targets)
