"""Supervised rows whose networks see whole scans: the 3D CNN of the paper's Table 4, the 2D CNN of its Table 2.

They are trained from nothing, and cross-validated like a linear readout, over the same folds, so that both can be
compared subject by subject. Everything that uses a label, also the choice of the epoch, sees training subjects alone.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.evaluate.readout.cross_validation import Readout, cross_validate
from drasclr_core.evaluate.supervised.cnn_config import CNNConfig
from drasclr_core.evaluate.supervised.volume_model import VolumeModel
from drasclr_core.evaluate.tasks import Task, labels_of
from drasclr_core.files import read_json


def supervised_readout(
    cubes: np.ndarray,
    subjects: pd.DataFrame,
    task: Task,
    folder: str | Path,
    method: str = "cnn3d",
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    config: CNNConfig | None = None,
) -> Readout:
    """Cross-validates a network on one task, a new one for each fold.

    `task, method, folds, repeats, seed` are as in `readout`; the folds are those of `compare_readouts` when the
    subjects are the same.

    Parameters
    ----------
    cubes : int16 array [N, s, s, s]
        HU, from `whole_lung_cubes`, in the order of `subjects`.
    subjects : DataFrame
        ``sid`` and the label columns.
    folder : path
        Keeps the trained network of every fold, so that a run that was killed goes on with the next fold.
    config : CNNConfig, optional
        Says which network.

    Raises
    ------
    ValueError
        The labels cannot be cross-validated.
    """
    labels = labels_of(subjects, task)
    rows = pd.Series(range(len(subjects)), subjects["sid"]).loc[labels.index]
    number = count()

    def model(task: Task, labels: np.ndarray, rng: np.random.Generator) -> VolumeModel:
        name = _name(task, next(number))
        return VolumeModel(task.classes, config or CNNConfig(), int(rng.integers(2**31)), Path(folder), name)

    return cross_validate(cubes[rows], labels, task, method, folds, repeats, seed, model, len(cubes) - len(labels))


def learning_curves(folder: str | Path, task: Task, folds: int = 5, repeats: int = 1) -> pd.DataFrame:
    """Returns how the networks of a `supervised_readout` were trained, given its `folder, task, folds, repeats`.

    Returns
    -------
    DataFrame
        A row per network and epoch: ``repeat, fold, epoch`` (from 0), ``training_loss, validation_loss`` (mean cross
        entropy in nats, or squared error), ``kept`` (whether this epoch's weights are the network's), ``stopped``
        (``patience``: the validation curve had been flat or rising for so many epochs; ``budget``: it had not).

    Raises
    ------
    FileNotFoundError
        A network has not been trained.
    """
    parts = []
    for number in range(folds * repeats):
        history = read_json(Path(folder) / f".{_name(task, number)}.json")
        if "validation_loss" not in history:
            raise FileNotFoundError(f"{_name(task, number)}: not trained to its end yet. Run notebook 12 again.")
        losses = {name: history[name] for name in ("training_loss", "validation_loss")}
        part = pd.DataFrame({"repeat": number // folds, "fold": number % folds, **losses})
        part.insert(2, "epoch", range(len(part)))
        parts.append(part.assign(kept=part["epoch"] == history["kept_epoch"], stopped=history["stopped"]))
    return pd.concat(parts, ignore_index=True)


def _name(task: Task, number: int) -> str:
    return f"{task.column}-{number}"
