"""Features that are not learnt: what the paper compares with, and what is true of simulated subjects."""

from drasclr_core.represent.hand_made.densitometry import densitometry_features
from drasclr_core.represent.hand_made.disease_scale import disease_scale
from drasclr_core.represent.hand_made.divergence import divergence_features, kl_divergence
from drasclr_core.represent.hand_made.kmeans import kmeans_features
from drasclr_core.represent.hand_made.regions import INTENSITY_BINS, LUNG_HU, region_cubes, region_descriptors
from drasclr_core.represent.hand_made.true_fractions import ceiling_features, true_fractions

__all__ = ["INTENSITY_BINS", "LUNG_HU", "ceiling_features", "densitometry_features", "disease_scale",
           "divergence_features", "kl_divergence", "kmeans_features", "region_cubes", "region_descriptors",
           "true_fractions"]  # fmt: skip
