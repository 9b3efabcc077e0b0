"""Figures of emphysema detection (Figure 5, boxes, curves) and of dense maps (Figures 3 and 4)."""

from drasclr_core.report.figures.emphysema.controls import controls_plot, reliability_plot
from drasclr_core.report.figures.emphysema.detection import (
    annotation_plot,
    box_pictures,
    detection_scores_plot,
    precision_recall_plot,
)
from drasclr_core.report.figures.emphysema.healthy import healthy_lungs_plot
from drasclr_core.report.figures.emphysema.maps import (
    Column,
    coronal_maps,
    picture_row,
    share_boxes,
    shares_against_truth,
)

__all__ = [
    "Column",
    "annotation_plot",
    "box_pictures",
    "controls_plot",
    "coronal_maps",
    "detection_scores_plot",
    "healthy_lungs_plot",
    "picture_row",
    "precision_recall_plot",
    "reliability_plot",
    "share_boxes",
    "shares_against_truth",
]
