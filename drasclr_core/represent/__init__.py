"""Representations of patches, images and voxels by a trained encoder."""

from drasclr_core.represent.dense import DenseFeatures, DenseProbability, dense_features, dense_probability
from drasclr_core.represent.features import image_features, patch_features

__all__ = ["DenseFeatures", "DenseProbability", "dense_features", "dense_probability", "image_features",
           "patch_features"]  # fmt: skip
