"""All of the lungs at once: the box round them as a small cube, a store of such cubes, and what phantoms consist of."""

from drasclr_core.anatomy.volumes.cubes import whole_lung_cubes
from drasclr_core.anatomy.volumes.store import VolumeStore, WholeLungs
from drasclr_core.anatomy.volumes.truth import CLASSES

__all__ = ["CLASSES", "VolumeStore", "WholeLungs", "whole_lung_cubes"]
