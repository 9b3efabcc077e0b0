"""The atlas, its landmarks, and the way from a scan to it (Eq. 1 and 2)."""

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.build import build_atlas, choose_atlas, covered_fraction, told_subject
from drasclr_core.anatomy.atlas.landmarks import landmark_grid, read_corners
from drasclr_core.anatomy.atlas.mask import read_stored
from drasclr_core.anatomy.atlas.registration import AtlasAffine, register_affine

__all__ = [
    "Atlas",
    "AtlasAffine",
    "build_atlas",
    "choose_atlas",
    "covered_fraction",
    "landmark_grid",
    "read_corners",
    "read_stored",
    "register_affine",
    "told_subject",
]
