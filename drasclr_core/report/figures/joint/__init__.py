"""Pictures of joint image-volume learning: its images, its trainings, where its attention looks, its tasks."""

from drasclr_core.report.figures.joint.images import image_rows
from drasclr_core.report.figures.joint.learning import joint_curves
from drasclr_core.report.figures.joint.looks import looks_plot

__all__ = ["image_rows", "joint_curves", "looks_plot"]
