"""Emphysema in patches and voxels: annotated boxes, fine-tuning, scores, and maps of whole lungs (paper 4.3)."""

from drasclr_core.detect.config import FinetuneConfig
from drasclr_core.detect.cross_validation import cross_validate_detectors, scratch_encoder
from drasclr_core.detect.dataset import Boxes, load_boxes
from drasclr_core.detect.detector import Detector, detector_of, trained_subtypes
from drasclr_core.detect.efficiency import annotation_curve
from drasclr_core.detect.maps import map_subject
from drasclr_core.detect.proportion import sample_subject

__all__ = ["Boxes", "Detector", "FinetuneConfig", "annotation_curve", "cross_validate_detectors", "detector_of",
           "load_boxes", "map_subject", "sample_subject", "scratch_encoder", "trained_subtypes"]  # fmt: skip
