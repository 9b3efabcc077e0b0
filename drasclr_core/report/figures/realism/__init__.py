"""Figures of how real the phantoms are: published values, and real scans among them."""

from drasclr_core.report.figures.realism.acceptance import acceptance_plot, likeness_plot

__all__ = ["acceptance_plot", "likeness_plot"]
