"""Features that are not learnt: what the paper compares with."""

from drasclr_core.represent.hand_made.divergence import divergence_features, kl_divergence
from drasclr_core.represent.hand_made.kmeans import kmeans_features
from drasclr_core.represent.hand_made.regions import INTENSITY_BINS, LUNG_HU, region_cubes, region_descriptors

__all__ = ["INTENSITY_BINS", "LUNG_HU", "divergence_features", "kl_divergence", "kmeans_features", "region_cubes",
           "region_descriptors"]  # fmt: skip
