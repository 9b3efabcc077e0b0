"""Boxes round emphysema and their healthy twins: read and checked, cut into patches, dealt into folds by subject."""

from drasclr_core.detect.boxes.annotated import usable
from drasclr_core.detect.boxes.dataset import NEGATIVE, OTHER, POSITIVE, Boxes, load_boxes
from drasclr_core.detect.boxes.healthy import HEALTHY

__all__ = ["HEALTHY", "NEGATIVE", "OTHER", "POSITIVE", "Boxes", "load_boxes", "usable"]
