"""Reading scans: any file to an array in HU with its geometry, or a refusal that names the remedy."""

from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import Volume, VolumeError, load_mask, load_volume, save_mask, save_volume

__all__ = ["Volume", "VolumeError", "dice", "load_mask", "load_volume", "save_mask", "save_volume"]
