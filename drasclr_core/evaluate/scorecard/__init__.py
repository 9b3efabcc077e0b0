"""Which claims of the paper a run reproduces, from its result files alone."""

from drasclr_core.evaluate.scorecard.board import needed, scorecard
from drasclr_core.evaluate.scorecard.comparisons import against_itself
from drasclr_core.evaluate.scorecard.verdicts import CLAIM_VERDICTS, NOT_REPRODUCED, REPRODUCED, RULES, UNTESTABLE

__all__ = [
    "CLAIM_VERDICTS",
    "NOT_REPRODUCED",
    "REPRODUCED",
    "RULES",
    "UNTESTABLE",
    "against_itself",
    "needed",
    "scorecard",
]
