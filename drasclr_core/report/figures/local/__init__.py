"""Pictures of what an encoder knows of single patches and places."""

from drasclr_core.report.figures.local.maps import MapRow, component_maps, similarity_maps
from drasclr_core.report.figures.local.neighbours import NeighbourRow, PatchPicture, neighbour_pictures
from drasclr_core.report.figures.local.readout import landmark_maps, score_chart

__all__ = ["MapRow", "NeighbourRow", "PatchPicture", "component_maps", "landmark_maps", "neighbour_pictures",
           "score_chart", "similarity_maps"]  # fmt: skip
