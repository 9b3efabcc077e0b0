"""What lies round the points of a plane in one subject, and the point in a lesion that others are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.cohort.phantom.truth import load_truth
from drasclr_core.imaging.volume import Volume
from drasclr_core.represent.local.measures import LOCAL_TRUTH, lung_histograms
from drasclr_core.represent.local.neighbours import unit_length
from drasclr_core.represent.local.shares import lung_shares
from drasclr_core.represent.plane.plane import points_in_scan


class PointMeasures(NamedTuple):
    """What lies in the patches round points of one scan, as `LocalMeasures` has it of the landmarks.

    Attributes
    ----------
    lung : float32 [N]
    laa950 : float32 [N]
    histogram : float32 [N, 32]
    emphysema : float32 [N] or None
        The true share in per cent; None for scans of people.
    """

    lung: np.ndarray
    laa950: np.ndarray
    histogram: np.ndarray
    emphysema: np.ndarray | None

    @property
    def known(self) -> np.ndarray:
        """bool [N]: the points of which something can be said."""
        known = np.isfinite(self.laa950)
        return known if self.emphysema is None else known & np.isfinite(self.emphysema)


def point_measures(scan: AlignedScan, points_mm: np.ndarray, patches: np.ndarray, truth: Path) -> PointMeasures:
    """Measures the patches [N, n, n, n] round points [N, 3] of the atlas in one scan.

    `truth` is the truth file of the subject, which scans of people do not have.
    """
    centres, size = points_in_scan(scan, points_mm), patches.shape[1]
    lungs = Volume(np.asarray(scan.lungs) > 0, scan.volume.affine)
    inside = extract_patches(lungs, centres, size)[0] > 0
    lung = inside.mean(axis=(1, 2, 3), dtype=np.float32)
    laa950, histogram = lung_histograms(patches, inside)
    if not truth.exists():
        return PointMeasures(lung, laa950, histogram, None)
    masks, affine = load_truth(truth), nib.load(truth).affine
    ill = {"emphysema": np.any([masks[name] for name in LOCAL_TRUTH["emphysema"]], axis=0)}
    edge = max(1, round(size * scan.volume.spacing[0] / float(np.linalg.norm(affine[:3, 0]))))
    share = lung_shares(ill, masks["lungs"], affine, centres, edge)["emphysema"]
    return PointMeasures(lung, laa950, histogram, share)


def clicked_point(measures: PointMeasures) -> int:
    """Returns the point that is clicked: the one with the most disease in its patch, by truth or else by LAA-950.

    The most in volume, so that a patch with hardly any lung is not taken for a small lesion in it.
    """
    extent = measures.laa950 if measures.emphysema is None else measures.emphysema
    return int(np.where(measures.known, extent * measures.lung, -1).argmax())


def cosine_similarity(features: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Returns the cosine, -1 to 1, of each of the features [N, C] with one [C]; 0 with a vector of length 0."""
    return unit_length(np.asarray(features)) @ unit_length(np.asarray(query))
