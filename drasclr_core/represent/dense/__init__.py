"""Representations and probabilities at every voxel of the lungs (paper Eq. 10)."""

from drasclr_core.represent.dense.error import decisions_by_distance
from drasclr_core.represent.dense.features import DenseFeatures, dense_features
from drasclr_core.represent.dense.folding import fold_batch_norm
from drasclr_core.represent.dense.options import DenseOptions
from drasclr_core.represent.dense.probability import DenseProbability, dense_probability

__all__ = ["DenseFeatures", "DenseOptions", "DenseProbability", "decisions_by_distance", "dense_features",
           "dense_probability", "fold_batch_norm"]  # fmt: skip
