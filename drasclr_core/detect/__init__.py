"""Emphysema in patches and voxels: annotated boxes, fine-tuning, and what it takes to judge a detector (paper 4.3)."""

from drasclr_core.detect.detector import Detector, detector_of

__all__ = ["Detector", "detector_of"]
