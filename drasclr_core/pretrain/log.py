"""What can be watched while a run goes on: ``log.csv``, ``probe.csv``, and event files for TensorBoard."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from drasclr_core.pretrain.metrics import MEASURES
from drasclr_core.run import atomic

COLUMNS = ("epoch", "step", *MEASURES, "lr", "seconds")
PROBE_COLUMNS = ("epoch", "step", "label", "r2")


class Log:
    """The rows of a run so far. A run that goes on after being killed takes up its saved rows.

    Parameters
    ----------
    folder : path
    rows, probes : list of rows
        `COLUMNS` and `PROBE_COLUMNS` of what was logged before the run was interrupted.
    """

    def __init__(self, folder: Path, rows: list, probes: list):
        from torch.utils.tensorboard import SummaryWriter  # takes a second to import

        self.folder, self.rows, self.probes = folder, rows, probes
        if not rows:
            shutil.rmtree(folder / "tensorboard", ignore_errors=True)
        after = rows[-1][1] + 1 if rows else 0
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=after, flush_secs=20)

    def add(self, epoch: int, step: int, measures: list[float], lr: float, seconds: float) -> None:
        """One row of the log."""
        self.rows.append([epoch, step, *measures, lr, seconds])
        for name, value in zip((*MEASURES, "lr"), (*measures, lr), strict=True):
            self._board.add_scalar(name, value, step)

    def add_probe(self, epoch: int, step: int, scores: dict[str, float]) -> None:
        """Scores of the online probe after so many epochs."""
        for label, r2 in scores.items():
            self.probes.append([epoch, step, label, r2])
            self._board.add_scalar(f"probe/{label}", r2, step)

    def write(self) -> pd.DataFrame:
        """Write the tables; returns the log."""
        log = pd.DataFrame(self.rows, columns=COLUMNS)
        with atomic(self.folder / "log.csv") as temporary:
            log.to_csv(temporary, index=False, float_format="%.6g")
        if self.probes:
            with atomic(self.folder / "probe.csv") as temporary:
                pd.DataFrame(self.probes, columns=PROBE_COLUMNS).to_csv(temporary, index=False, float_format="%.6g")
        self._board.flush()
        return log

    def close(self) -> pd.DataFrame:
        self._board.close()
        return self.write()
