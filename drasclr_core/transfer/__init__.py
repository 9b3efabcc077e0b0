"""Downstream tasks of joint learning: what a trained encoder is worth as the beginning of another network.

A task (one file of `tasks`) trains one net on its labelled subjects and scores it on others. `compare_starts` does so
for several beginnings of the same net, random weights and trainings of a run, with several shares of the labels.
"""

from drasclr_core.transfer.compare import compare_starts
from drasclr_core.transfer.fit import FitSettings
from drasclr_core.transfer.patterns import pattern_features, pattern_scores
from drasclr_core.transfer.start import open_starts
from drasclr_core.transfer.table import (
    by_share,
    claims_sentence,
    gains,
    gains_sentence,
    plain_sentence,
    tasks_table,
)
from drasclr_core.transfer.tasks import open_tasks

__all__ = ["FitSettings", "by_share", "claims_sentence", "compare_starts", "gains", "gains_sentence",
           "open_starts", "open_tasks", "pattern_features", "pattern_scores", "plain_sentence",
           "tasks_table"]  # fmt: skip
