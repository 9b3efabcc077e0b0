"""Tests of differences between methods, bootstrap, trends; the paper's own tests worked out again."""

from drasclr_core.evaluate.statistics.comparison import compare_methods, same_folds
from drasclr_core.evaluate.statistics.false_alarms import false_alarms
from drasclr_core.evaluate.statistics.kept import kept_intervals
from drasclr_core.evaluate.statistics.recomputed import borne_out, covered, recompute
from drasclr_core.evaluate.statistics.resampling import summarise_draws
from drasclr_core.evaluate.statistics.share_trends import share_trends
from drasclr_core.evaluate.statistics.significance import ASSUMPTIONS
from drasclr_core.evaluate.statistics.trend import FEW, spearman

__all__ = [
    "ASSUMPTIONS",
    "FEW",
    "borne_out",
    "compare_methods",
    "covered",
    "false_alarms",
    "kept_intervals",
    "recompute",
    "same_folds",
    "share_trends",
    "spearman",
    "summarise_draws",
]
