"""What detectors and linear readouts are worth on held-out boxes: by the paper's rule, and by a box's own patch."""

from drasclr_core.detect.scoring.readouts import (
    add_voxels,
    detection_permutation_scores,
    everything_positive,
    linear_predictions,
    low_attenuation_share,
)
from drasclr_core.detect.scoring.scores import (
    BOX_RULES,
    DETECTION_METRICS,
    detection_draws,
    fold_scores,
    precision_recall,
)

__all__ = ["BOX_RULES", "DETECTION_METRICS", "add_voxels", "detection_draws", "detection_permutation_scores",
           "everything_positive", "fold_scores", "linear_predictions", "low_attenuation_share",
           "precision_recall"]  # fmt: skip
