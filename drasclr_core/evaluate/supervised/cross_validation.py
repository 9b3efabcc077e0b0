"""The supervised row of the paper's Table 4: a 3D CNN trained from nothing on whole scans and their labels.

It is cross-validated like a linear readout, over the same folds, so that both can be compared subject by subject.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.evaluate.readout.cross_validation import Readout, cross_validate
from drasclr_core.evaluate.supervised.volume_classifier import CNNConfig, VolumeClassifier
from drasclr_core.evaluate.tasks import Task, labels_of


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
    """Cross-validates the network on one graded task.

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

    Raises
    ------
    ValueError
        The task is not graded, or its labels cannot be cross-validated.
    """
    if task.classes is None:
        raise ValueError(f"task {task.name!r} is no classification: the supervised network predicts grades")
    labels = labels_of(subjects, task)
    rows = pd.Series(range(len(subjects)), subjects["sid"]).loc[labels.index]
    number = count()

    def model(task: Task, labels: np.ndarray, rng: np.random.Generator) -> VolumeClassifier:
        name = f"{task.column}-{next(number)}"
        return VolumeClassifier(task.classes, config or CNNConfig(), int(rng.integers(2**31)), Path(folder), name)

    return cross_validate(cubes[rows], labels, task, method, folds, repeats, seed, model, len(cubes) - len(labels))
