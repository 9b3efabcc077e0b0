"""What can be watched while a run goes on: ``log.csv``, ``probe.csv``, and event files for TensorBoard."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from drasclr_core.files import write_csv

PROBE_COLUMNS = ("epoch", "step", "label", "r2")


class Log:
    """The rows of a run so far. A run that goes on after being killed takes up its saved rows.

    Parameters
    ----------
    folder : path
    metrics : sequence of str
        Names of the numbers in a row, besides epoch, step, lr and seconds.
    rows, probes : list of rows
        What was logged before the run was interrupted, in the columns of ``log.csv`` and of `PROBE_COLUMNS`.
    """

    def __init__(self, folder: Path, metrics: Sequence[str], rows: list, probes: list):
        from torch.utils.tensorboard import SummaryWriter  # takes a second to import

        self.folder, self.metrics, self.rows, self.probes = folder, tuple(metrics), rows, probes
        if not rows:
            shutil.rmtree(folder / "tensorboard", ignore_errors=True)
        after = rows[-1][1] + 1 if rows else 0
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=after, flush_secs=20)

    def add(self, epoch: int, step: int, values: list[float], lr: float, seconds: float) -> None:
        """Adds a row: the metrics' means since the row before."""
        self.rows.append([epoch, step, *values, lr, seconds])
        for name, value in zip((*self.metrics, "lr"), (*values, lr), strict=True):
            self._board.add_scalar(name, value, step)

    def add_probe(self, epoch: int, step: int, scores: dict[str, float]) -> None:
        """Adds scores of the online probe after so many epochs."""
        for label, r2 in scores.items():
            self.probes.append([epoch, step, label, r2])
            self._board.add_scalar(f"probe/{label}", r2, step)

    def write(self) -> pd.DataFrame:
        """Writes the tables and returns the log."""
        log = pd.DataFrame(self.rows, columns=["epoch", "step", *self.metrics, "lr", "seconds"])
        write_csv(self.folder / "log.csv", log, "%.6g")
        if self.probes:
            write_csv(self.folder / "probe.csv", pd.DataFrame(self.probes, columns=PROBE_COLUMNS), "%.6g")
        self._board.flush()
        return log

    def close(self) -> pd.DataFrame:
        self._board.close()
        return self.write()
