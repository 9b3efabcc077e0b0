"""Which claims of the paper a run reproduces, from its result files alone."""

from drasclr_core.evaluate.scorecard.board import scorecard
from drasclr_core.evaluate.scorecard.comparisons import against_itself
from drasclr_core.evaluate.scorecard.draws import draws_for
from drasclr_core.evaluate.scorecard.error_rates import OF_SEVERAL, RIVALS, verdict_error_rates
from drasclr_core.evaluate.scorecard.needed import needed
from drasclr_core.evaluate.scorecard.verdicts import CLAIM_VERDICTS, NOT_REPRODUCED, REPRODUCED, RULES, UNTESTABLE

__all__ = [
    "CLAIM_VERDICTS",
    "NOT_REPRODUCED",
    "OF_SEVERAL",
    "REPRODUCED",
    "RIVALS",
    "RULES",
    "UNTESTABLE",
    "against_itself",
    "draws_for",
    "needed",
    "scorecard",
    "verdict_error_rates",
]
