"""Pictures of what features are worth: readouts, survival, comparisons of methods, the scorecard."""

from drasclr_core.report.figures.evaluation.readout import (
    confusion_by_method,
    confusion_matrices,
    predicted_against_true,
    score_dots,
)
from drasclr_core.report.figures.evaluation.scorecard import scorecard_chart, told
from drasclr_core.report.figures.evaluation.significance import difference_forest, p_values
from drasclr_core.report.figures.evaluation.survival import (
    calibration_plot,
    concordance_forest,
    hazard_ratio_forest,
    survival_curves,
)

__all__ = [
    "calibration_plot",
    "concordance_forest",
    "confusion_by_method",
    "confusion_matrices",
    "difference_forest",
    "hazard_ratio_forest",
    "p_values",
    "predicted_against_true",
    "score_dots",
    "scorecard_chart",
    "survival_curves",
    "told",
]
