"""Representations of patches and images by a trained encoder."""

from drasclr_core.represent.features import image_features, patch_features

__all__ = ["image_features", "patch_features"]
