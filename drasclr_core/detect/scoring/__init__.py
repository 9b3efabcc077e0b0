"""What detectors and linear readouts are worth on held-out boxes: by the paper's rule, and by a box's own patch."""

from drasclr_core.detect.scoring.low_attenuation import low_attenuation_share
from drasclr_core.detect.scoring.permutation import detection_permutation_scores, detection_permutation_test
from drasclr_core.detect.scoring.readouts import (
    add_low_attenuation_voxels,
    add_voxels,
    everything_positive,
    linear_predictions,
)
from drasclr_core.detect.scoring.scores import (
    BOX_RULES,
    DETECTION_METRICS,
    detection_draws,
    fold_scores,
    precision_recall,
)

__all__ = ["BOX_RULES", "DETECTION_METRICS", "add_low_attenuation_voxels", "add_voxels", "detection_draws",
           "detection_permutation_scores", "detection_permutation_test", "everything_positive", "fold_scores",
           "linear_predictions", "low_attenuation_share", "precision_recall"]  # fmt: skip
