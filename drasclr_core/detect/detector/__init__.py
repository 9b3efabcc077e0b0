"""A detector of one subtype of emphysema: the encoder with one linear layer on top (paper Section 4.3.1)."""

from drasclr_core.detect.detector.detector import Detector, detector_of, trained_subtypes
from drasclr_core.detect.detector.deviation import (
    DeviationEncoder,
    encoders_by_fold,
    features_by_fold,
    healthy_deviation,
)
from drasclr_core.detect.detector.forward import box_features

__all__ = ["Detector", "DeviationEncoder", "box_features", "detector_of", "encoders_by_fold", "features_by_fold",
           "healthy_deviation", "trained_subtypes"]  # fmt: skip
