"""Detectors fine-tuned fold by fold, and how many annotated boxes pretraining saves."""

from drasclr_core.detect.training.annotation_factor import LEAST_PAIRS, saved_annotation
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import cross_validate_detectors, scratch_encoder
from drasclr_core.detect.training.efficiency import Fit, Start, annotation_curve, part_of_boxes

__all__ = ["LEAST_PAIRS", "FinetuneConfig", "Fit", "Start", "annotation_curve", "cross_validate_detectors",
           "part_of_boxes", "saved_annotation", "scratch_encoder"]  # fmt: skip
