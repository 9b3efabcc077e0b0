"""Whether detectors see more than what knows nothing, and whether they may draw."""

from drasclr_core.detect.verdict.controls import CONTROLS, compare_with_controls, controls_answer
from drasclr_core.detect.verdict.verdict import (
    MARGIN,
    drawn_subtypes,
    judge_detector,
    nothing_drawn,
    others_drawn,
    write_verdicts,
)

__all__ = ["CONTROLS", "MARGIN", "compare_with_controls", "controls_answer", "drawn_subtypes", "judge_detector",
           "nothing_drawn", "others_drawn", "write_verdicts"]  # fmt: skip
