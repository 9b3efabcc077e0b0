"""Representations of patches, images and voxels: by a trained encoder (Eq. 10 and 11), or made by hand."""

from drasclr_core.represent.dense import (
    DenseFeatures,
    DenseOptions,
    DenseProbability,
    decisions_by_distance,
    dense_features,
    dense_probability,
)
from drasclr_core.represent.encoders import found_encoders, seen_by
from drasclr_core.represent.features import image_features, patch_features, volume_features
from drasclr_core.represent.untrained import untrained_encoder

__all__ = ["DenseFeatures", "DenseOptions", "DenseProbability", "decisions_by_distance", "dense_features",
           "dense_probability", "found_encoders", "image_features", "patch_features", "seen_by", "untrained_encoder",
           "volume_features"]  # fmt: skip
