"""One figure of the whole way: a subject of a run from its CT to a readout."""

from drasclr_core.report.figures.way.pipeline import Way, pipeline_figure, read_way

__all__ = ["Way", "pipeline_figure", "read_way"]
