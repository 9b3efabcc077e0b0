"""What features are worth: tasks, linear readouts, survival, statistics, the scorecard, a supervised network."""

from drasclr_core.evaluate.features import found_features, read_features
from drasclr_core.evaluate.overlap import share_agreement
from drasclr_core.evaluate.result_files import figure_stem, read_scores
from drasclr_core.evaluate.scores import summarise
from drasclr_core.evaluate.table import beside_paper, write_table
from drasclr_core.evaluate.tasks import COVID_SEVERITY, PHENOTYPES, Task, labels_of

__all__ = [
    "COVID_SEVERITY",
    "PHENOTYPES",
    "Task",
    "beside_paper",
    "figure_stem",
    "found_features",
    "labels_of",
    "read_features",
    "read_scores",
    "share_agreement",
    "summarise",
    "write_table",
]
