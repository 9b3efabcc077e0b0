"""Pictures of ablations: scores along a number, forests, equivalence, and where which kernel is used."""

from drasclr_core.report.figures.ablations.along import equivalence_plot, forest, scores_along
from drasclr_core.report.figures.ablations.routing import routing_maps

__all__ = ["equivalence_plot", "forest", "routing_maps", "scores_along"]
