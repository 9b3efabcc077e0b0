"""Hounsfield units that have a meaning of their own."""

AIR = -1000.0
"""HU of air, by definition."""
LOWEST, HIGHEST = -1024.0, 3071.0
"""The HU that are kept, those of 12 bits; what lies outside the scanned field has the lowest."""
LOW_ATTENUATION = -950.0
"""HU below which a voxel counts as emphysema in LAA-950."""
HU_WINDOW = (-1024, 240)
"""HU from black to white: what the networks see, and pictures of what they see."""
CONTRAST_WINDOW = (-200.0, 500.0)
"""HU from black to white where there is contrast agent: fat, muscle, blood."""
EMPHYSEMA_WINDOW = (-1060.0, -825.0)
"""HU from black to white in the authors' pictures of emphysema."""
