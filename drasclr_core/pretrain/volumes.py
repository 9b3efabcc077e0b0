"""What methods have in common that see all of the lungs at once."""

from __future__ import annotations

from dataclasses import dataclass

from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.statistics import estimate_statistics

BATCHES = 16
"""From which the statistics of batch norm are estimated after training."""


@dataclass(frozen=True)
class VolumeSettings(TrainingSettings):
    """Settings of a method that sees volumes.

    Attributes
    ----------
    cube : int
        Edge in voxels of the cube that the box round the lungs becomes.
    epochs : int
        How often every scan is shown. An epoch has one cube of each subject, where patches come from hundreds of
        landmarks, so it is a few steps only; MoCo and MedicalNet both publish 200.
    """

    cube: int = 48
    epochs: int = 200


class VolumeMethod(Method):
    """A method whose batches are whole lungs: one landmark, as many patches as there are subjects."""

    sees = "volumes"
    Settings = VolumeSettings

    def finish(self, store) -> None:
        """Estimates the statistics of batch norm from batches as large as those of the training."""
        settings = self.settings
        estimate_statistics(self.encoder, store, self.locations, settings.cube, settings.seed, batches=BATCHES,
                            subjects=settings.batch_size)  # fmt: skip
