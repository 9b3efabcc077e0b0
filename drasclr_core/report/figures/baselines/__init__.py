"""Pictures of what methods are compared with, of what they know, and of how the supervised network was trained."""

from drasclr_core.report.figures.baselines.body import body_matrix, score_panels
from drasclr_core.report.figures.baselines.directions import directions_plot
from drasclr_core.report.figures.baselines.external import external_dots
from drasclr_core.report.figures.baselines.reach import reach_chart
from drasclr_core.report.figures.baselines.training import curves_of_training

__all__ = ["body_matrix", "curves_of_training", "directions_plot", "external_dots", "reach_chart", "score_panels"]
