"""What detectors are worth on held-out boxes, beside what knows nothing, and whether they may draw."""

from drasclr_core.detect.scoring.controls import CONTROLS, compare_with_controls, controls_answer
from drasclr_core.detect.scoring.location import location_around, location_features
from drasclr_core.detect.scoring.low_attenuation import low_attenuation_share, low_attenuation_voxels
from drasclr_core.detect.scoring.permutation import detection_permutation_scores, detection_permutation_test
from drasclr_core.detect.scoring.ranking import average_precision_draws, discrimination_draws
from drasclr_core.detect.scoring.readouts import Readout, everything_positive, fit_readout, linear_predictions
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
from drasclr_core.detect.scoring.shares import network_shares, value_shares
from drasclr_core.detect.scoring.verdict import MARGIN, drawn_subtypes, judge_detector, write_verdicts

__all__ = [
    "BOX_RULES",
    "CONTROLS",
    "DETECTION_METRICS",
    "MARGIN",
    "Readout",
    "against_healthy",
    "against_other",
    "average_precision_draws",
    "calibration_errors",
    "compare_with_controls",
    "controls_answer",
    "detection_draws",
    "detection_permutation_scores",
    "detection_permutation_test",
    "discrimination_draws",
    "drawn_subtypes",
    "everything_positive",
    "fit_readout",
    "fold_scores",
    "judge_detector",
    "linear_predictions",
    "location_around",
    "location_features",
    "low_attenuation_share",
    "low_attenuation_voxels",
    "network_shares",
    "precision_recall",
    "reliability_curve",
    "value_shares",
    "write_verdicts",
]
