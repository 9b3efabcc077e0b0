"""Reading scans: any file to an array in HU with its geometry, or a refusal that names the remedy.

`volume` has the form in which every later stage sees a scan; `readers` (with `nifti`, `itk` and `dicom`) reads what is
stored, `hounsfield` checks its values, `resampling` brings it to cubic voxels. `affine`, `masks`, `window` and
`constants` hold what several rooms compute with.
"""

from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.constants import CONTRAST_WINDOW
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.refusal import VolumeError, without_name
from drasclr_core.imaging.volume import Volume, load_mask, load_volume, save_mask, save_volume
from drasclr_core.imaging.window import brightness

__all__ = ["CONTRAST_WINDOW", "Volume", "VolumeError", "brightness", "dice", "load_mask", "load_volume", "save_mask",
           "save_volume", "transform", "without_name"]  # fmt: skip
