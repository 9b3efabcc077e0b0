"""One scan aligned with the atlas: what is needed to say where in the atlas each of its voxels lies."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.lungs.bronchi import without_bronchi
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.volume import Volume, load_mask, load_volume
from drasclr_core.run import Run


class AlignedScan(NamedTuple):
    """A volume, its lungs and the way to the atlas.

    Attributes
    ----------
    volume : Volume
        RAS+, HU.
    lungs : uint8 [x, y, z]
        Above zero in the lungs without the lumen of bronchi, on the volume's grid.
    to_atlas : float64 [4, 4]
        From RAS mm of the scan to RAS mm of the atlas.
    """

    volume: Volume
    lungs: np.ndarray
    to_atlas: np.ndarray

    def voxels_in_atlas(self, voxels: np.ndarray) -> np.ndarray:
        """Returns the atlas points [N, 3] (RAS mm) of voxel indices [N, 3], which need not be whole."""
        return transform(self.to_atlas, transform(self.volume.affine, voxels))


def read_aligned_scan(run: Run, sid: str, image: str | Path, spacing: float) -> AlignedScan:
    """Reads what stages 01, 02 and 04 know of one subject.

    Parameters
    ----------
    image : path
        The subject's scan.
    spacing : float
        Voxel size in mm, that of stage 02.

    Raises
    ------
    FileNotFoundError
        The subject was refused, or is not aligned with the atlas yet.
    """
    found = run.alignment(sid) / "affine.json"
    if not found.exists():
        raise FileNotFoundError(f"{sid}: no affine to the atlas. Run notebook 04_registration first; a subject that "
                                "was refused there cannot be mapped.")  # fmt: skip
    to_atlas = np.linalg.inv(AtlasAffine.load(found).matrix)
    volume = load_volume(image, spacing)
    lungs = load_mask(run.anatomy(sid) / "lungs.nii.gz")[0]
    return AlignedScan(volume, without_bronchi(volume, lungs), to_atlas)
