"""The experiment of Table 7: an encoder is told another place than that of the patch, and what detection loses."""

from drasclr_core.detect.location.sensitivity import MIRRORED, OWN, RANDOM, location_sensitivity, places_told

__all__ = ["MIRRORED", "OWN", "RANDOM", "location_sensitivity", "places_told"]
