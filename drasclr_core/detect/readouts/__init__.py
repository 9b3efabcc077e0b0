"""Readouts of boxes: logistic regression on frozen features, on density, and on the place alone."""

from drasclr_core.detect.readouts.location import location_around, location_features
from drasclr_core.detect.readouts.low_attenuation import low_attenuation_share, low_attenuation_voxels
from drasclr_core.detect.readouts.permutation import detection_permutation_scores, detection_permutation_test
from drasclr_core.detect.readouts.readouts import Readout, everything_positive, fit_readout, linear_predictions
from drasclr_core.detect.readouts.shares import network_shares, value_shares

__all__ = ["Readout", "detection_permutation_scores", "detection_permutation_test", "everything_positive",
           "fit_readout", "linear_predictions", "location_around", "location_features", "low_attenuation_share",
           "low_attenuation_voxels", "network_shares", "value_shares"]  # fmt: skip
