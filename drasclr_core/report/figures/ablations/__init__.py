"""Pictures of ablations: scores along a number, equivalence, and where which kernel is used."""

from drasclr_core.report.figures.ablations.along import scores_along
from drasclr_core.report.figures.ablations.equivalence import equivalence_plot
from drasclr_core.report.figures.ablations.probes import probe_lines
from drasclr_core.report.figures.ablations.routing import routing_maps

__all__ = ["equivalence_plot", "probe_lines", "routing_maps", "scores_along"]
