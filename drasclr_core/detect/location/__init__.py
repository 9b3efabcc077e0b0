"""The experiment of Table 7: an encoder is told another place than that of the patch, and what detection loses."""

from drasclr_core.detect.location.accuracy import accuracy_draws, accuracy_scores
from drasclr_core.detect.location.sensitivity import OWN, RANDOM, places_told, sensitivity_curve, told_elsewhere

__all__ = ["OWN", "RANDOM", "accuracy_draws", "accuracy_scores", "places_told", "sensitivity_curve", "told_elsewhere"]
