"""Whether detectors see more than what knows nothing, and leave healthy lungs alone: then they may draw."""

from drasclr_core.detect.verdict.controls import CONTROLS, compare_with_controls, controls_answer
from drasclr_core.detect.verdict.verdict import (
    MARGIN,
    MOST_HEALTHY,
    drawing_method,
    drawn_subtypes,
    judge_detector,
    read_verdicts,
    write_verdicts,
)
from drasclr_core.detect.verdict.words import nothing_drawn, others_drawn

__all__ = ["CONTROLS", "MARGIN", "MOST_HEALTHY", "compare_with_controls", "controls_answer", "drawing_method",
           "drawn_subtypes", "judge_detector", "nothing_drawn", "others_drawn", "read_verdicts",
           "write_verdicts"]  # fmt: skip
