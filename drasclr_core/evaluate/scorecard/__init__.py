"""Which claims of the paper a run reproduces, from its result files alone."""

from drasclr_core.evaluate.scorecard.board import needed, scorecard
from drasclr_core.evaluate.scorecard.comparisons import against_itself
from drasclr_core.evaluate.scorecard.verdicts import NOT_REPRODUCED, REPRODUCED, RULES, UNTESTABLE, VERDICTS

__all__ = [
    "NOT_REPRODUCED",
    "REPRODUCED",
    "RULES",
    "UNTESTABLE",
    "VERDICTS",
    "against_itself",
    "needed",
    "scorecard",
]
