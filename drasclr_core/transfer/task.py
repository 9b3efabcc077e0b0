"""What a downstream task says of itself: its subjects, and how a start is trained and scored on some of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.image_volume import JointEncoder
from drasclr_core.run import Run
from drasclr_core.transfer.fit import FitSettings


class TransferTask(ABC):
    """A task.

    Attributes
    ----------
    name : str
        That of the file which defines it.
    title : str
        What a table calls it.
    metrics : tuple of str
        What `score` gives for the table, the first for the figure; others are of parts of it.
    lower : tuple of str
        Those of which less is better.
    cubes : bool
        Whether its samples are cubes, so that a network of cubes alone can begin it.
    real : str
        What the folder of the real data set is called that the task reads too; empty where it reads none.
    refused : DataFrame
        ``name, message`` of subjects whose files cannot be used.
    sids : list of str
        Its subjects, each with labels.
    strata : int [N]
        What a subject is, for divisions with the same mix; 0 where that does not matter.
    key : str
        Changes with its data.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    lower: ClassVar[tuple[str, ...]] = ()
    cubes: ClassVar[bool] = False
    real: ClassVar[str] = ""
    refused: pd.DataFrame = refused_table()
    sids: list[str]
    strata: np.ndarray
    key: str

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls.name = cls.__module__.rpartition(".")[2]

    @classmethod
    @abstractmethod
    def of(cls, run: Run, folder: Path | None = None) -> TransferTask:
        """Opens the data that notebook 50 made; FileNotFoundError where it has made none.

        With a `folder`, which only tasks with a `real` data set are given, it opens that instead.
        """

    @property
    def classes(self) -> np.ndarray:
        """int [N], what a fit tells apart and has to see two of; the strata, where they say no more than that."""
        return self.strata

    @abstractmethod
    def score(self, encoder: JointEncoder, train: np.ndarray, test: np.ndarray, how: FitSettings, seed: int
              ) -> dict[str, float]:  # fmt: skip
        """Trains a net that begins with an encoder, and returns its scores on other subjects by metric.

        Parameters
        ----------
        encoder : JointEncoder, or GenesisEncoder where the samples are `cubes`
            Changed in place.
        train, test : int
            Positions in `sids`.
        how : FitSettings
        seed : int
            Everything random follows from it, so that two starts see the same batches.
        """
