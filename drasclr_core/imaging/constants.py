"""Hounsfield units that have a meaning of their own."""

LOW_ATTENUATION = -950.0
"""HU below which a voxel counts as emphysema in LAA-950."""
