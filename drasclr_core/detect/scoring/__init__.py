"""What predictions on held-out boxes are worth: two rules for a box, scores, rankings and calibration."""

from drasclr_core.detect.scoring.ranking import average_precision_draws, discrimination_draws
from drasclr_core.detect.scoring.reliability import calibration_errors, reliability_curve
from drasclr_core.detect.scoring.scores import (
    BOX_RULES,
    DETECTION_METRICS,
    against_healthy,
    against_other,
    detection_draws,
    fold_scores,
    precision_recall,
)

__all__ = ["BOX_RULES", "DETECTION_METRICS", "against_healthy", "against_other", "average_precision_draws",
           "calibration_errors", "detection_draws", "discrimination_draws", "fold_scores", "precision_recall",
           "reliability_curve"]  # fmt: skip
