"""What is learnt: encoders whose kernels know the location, losses, the memory bank, weights that say what they are."""

from drasclr_core.model.encoder import Encoder, ProjectionHead
from drasclr_core.model.inputs import HU_WINDOW, center_views
from drasclr_core.model.landmark_norm import LandmarkInterpolation
from drasclr_core.model.locconv import LocCondConv3d
from drasclr_core.model.losses import local_loss, neighbor_loss
from drasclr_core.model.memory_bank import ConditionalMemoryBank
from drasclr_core.model.official import official_locations
from drasclr_core.model.patch_encoder import PatchEncoder

__all__ = ["HU_WINDOW", "ConditionalMemoryBank", "Encoder", "LandmarkInterpolation", "LocCondConv3d", "PatchEncoder",
           "ProjectionHead", "center_views", "local_loss", "neighbor_loss", "official_locations"]  # fmt: skip
