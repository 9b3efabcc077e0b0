"""Whether an encoder knows what is in a patch: readouts of true local disease, neighbours that share it, maps of it."""

from drasclr_core.evaluate.local.components import Components, component_table, place_share
from drasclr_core.evaluate.local.likeness import likeness, likeness_table
from drasclr_core.evaluate.local.neighbours import neighbour_table
from drasclr_core.evaluate.local.readout import LocalReadout, local_readout
from drasclr_core.evaluate.local.scores import landmark_scores, pooled_scores

__all__ = [
    "Components",
    "LocalReadout",
    "component_table",
    "landmark_scores",
    "likeness",
    "likeness_table",
    "local_readout",
    "neighbour_table",
    "place_share",
    "pooled_scores",
]
