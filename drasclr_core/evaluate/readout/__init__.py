"""Linear readouts of frozen features, cross-validated by subject."""

from drasclr_core.evaluate.readout.cross_validation import Readout, concat_readouts
from drasclr_core.evaluate.readout.edges import penalty_edges
from drasclr_core.evaluate.readout.permutation import permutation_scores, permutation_test
from drasclr_core.evaluate.readout.readout import compare_readouts
from drasclr_core.evaluate.readout.table import ReadoutTable, readout_table

__all__ = [
    "Readout",
    "ReadoutTable",
    "compare_readouts",
    "concat_readouts",
    "penalty_edges",
    "permutation_scores",
    "permutation_test",
    "readout_table",
]
