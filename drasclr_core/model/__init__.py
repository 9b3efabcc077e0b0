"""The model of the paper's Section 2: Loc-CondConv encoder, conditional memory bank, losses."""

from drasclr_core.model.encoder import Encoder, ProjectionHead
from drasclr_core.model.locconv import LocCondConv3d
from drasclr_core.model.memory_bank import ConditionalMemoryBank

__all__ = ["ConditionalMemoryBank", "Encoder", "LocCondConv3d", "ProjectionHead"]
