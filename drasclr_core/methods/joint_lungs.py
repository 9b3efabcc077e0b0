"""Joint image-volume learning from all of the lungs at once, whose slices are the axial slices of a scan."""

from __future__ import annotations

from dataclasses import dataclass

from drasclr_core.image_volume.settings import JointSettings
from drasclr_core.methods.joint import Joint, pretext_pictures
from drasclr_core.methods.row import Row
from drasclr_core.pretrain.volumes import VolumeMethod, VolumeSettings

__all__ = ["JointLungs", "JointLungsSettings", "pretext_pictures"]


@dataclass(frozen=True)
class JointLungsSettings(JointSettings, VolumeSettings):
    """Settings of `JointSettings`, and those of a method that sees volumes (see `VolumeSettings`)."""


class JointLungs(VolumeMethod, Joint):
    """`Joint` on the cube that the box round the lungs becomes: a slice is an axial slice of both lungs.

    What differs from the publication:

    - Volumes are cubes of both lungs with as many slices as pixels a side, instead of any organ in 64 slices of
      128 x 128.
    - Everything else that differs in `drasclr_core.methods.joint`, but that there are patches.

    Parameters
    ----------
    settings : JointLungsSettings
    atlas : WholeLungs
    """

    row = Row("Joint image-volume, whole lungs", "#7B4B94", 396)
    Settings = JointLungsSettings
