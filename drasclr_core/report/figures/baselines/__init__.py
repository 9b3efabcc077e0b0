"""Pictures of what methods are compared with: how far any could get, and how the supervised network was trained."""

from drasclr_core.report.figures.baselines.external import external_dots
from drasclr_core.report.figures.baselines.reach import reach_chart
from drasclr_core.report.figures.baselines.training import curves_of_training

__all__ = ["curves_of_training", "external_dots", "reach_chart"]
