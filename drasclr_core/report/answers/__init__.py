"""The answer of a page of results, in a sentence or two made from its numbers."""

from drasclr_core.report.answers.body import body_answer
from drasclr_core.report.answers.detection import factor_answer, share_answer, trend_answer
from drasclr_core.report.answers.external import external_answer, within_answer
from drasclr_core.report.answers.readouts import (
    comparisons_answer,
    corrected_note,
    reach_answer,
    readout_answer,
    survival_answer,
)
from drasclr_core.report.answers.reasons import why_not

__all__ = [
    "body_answer",
    "comparisons_answer",
    "corrected_note",
    "external_answer",
    "factor_answer",
    "reach_answer",
    "readout_answer",
    "share_answer",
    "survival_answer",
    "trend_answer",
    "why_not",
    "within_answer",
]
