"""Emphysema in patches and voxels (paper Section 4.3): boxes, training, scoring, maps of whole lungs."""
