"""The average brain on which simulated brains are modelled: the ICBM152 template that nilearn carries.

Shares of grey and white matter are those of 152 healthy people, averaged after alignment (Fonov et al., NeuroImage
2011; template 2009a). They come with the package nilearn (BSD-3-Clause); nothing is downloaded. The template itself is
© 1993–2004 Louis Collins, McConnell Brain Imaging Centre, Montreal Neurological Institute, McGill University, who
permit use, change and distribution for any purpose and without fee where this notice is kept (as projects that pass the
template on quote it, TemplateFlow among them); nilearn's own description calls the licence unknown.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.masks import bounding_box

TEMPLATE_MM = 2
"""Voxel size at which the template is kept; brains of any voxel size are sampled from it."""
MARGIN_MM = 10.0
"""Kept round the brain, mm: larger brains reach there."""
DEEP_MM = 12.0
"""Tumours begin in white matter at least this far from the brain's surface, mm."""


class Template(NamedTuple):
    """The template: `shares` uint8 [3, x, y, z] of grey matter, white matter and fluid (255 is all of a voxel, 0
    outside the brain), `affine` [4, 4] from voxels to RAS mm, and `deep` float [N, 3], places (RAS mm) in deep white
    matter."""

    shares: np.ndarray
    affine: np.ndarray
    deep: np.ndarray


def load_template() -> Template:
    """Returns the template, cut to the brain; takes seconds, so load it once."""
    from nilearn import datasets  # takes seconds, so only where there are brains

    images = [load(resolution=TEMPLATE_MM) for load in
              (datasets.load_mni152_gm_template, datasets.load_mni152_wm_template, datasets.load_mni152_brain_mask)
              ]  # fmt: skip
    grey, white, brain = (np.asarray(image.dataobj, dtype=np.float32) for image in images)
    affine = np.asarray(images[0].affine, dtype=float)
    shares = np.stack([grey, white, brain - grey - white]).clip(0, 1) * (brain > 0)
    shares /= np.maximum(shares.sum(axis=0), 1)
    depth = ndimage.distance_transform_edt(brain > 0, TEMPLATE_MM)
    deep = transform(affine, np.argwhere((white > 0.8) & (depth > DEEP_MM)))
    box = bounding_box(brain > 0, round(MARGIN_MM / TEMPLATE_MM))
    start = np.array([side.start or 0 for side in box], dtype=float)
    affine = affine.copy()
    affine[:3, 3] = transform(affine, start[None])[0]
    return Template(np.rint(255 * shares[:, *box]).astype(np.uint8), affine, deep)
