"""A map of what resembles one voxel in a lesion, on a coronal slice of one scan."""

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
from drasclr_core.represent.local.shares import lung_shares
from drasclr_core.represent.local.slices import SliceFeatures


class PointMeasures(NamedTuple):
    """What lies in the patches round the points of a slice, as `LocalMeasures` has it of the landmarks.

    Attributes
    ----------
    laa950 : float32 [N]
    histogram : float32 [N, 32]
    emphysema : float32 [N] or None
        The true share in per cent; None for scans of people.
    """

    laa950: np.ndarray
    histogram: np.ndarray
    emphysema: np.ndarray | None

    @property
    def extent(self) -> np.ndarray:
        """float32 [N]: the best that is known of the disease; the unknown counts as none."""
        return np.nan_to_num(self.laa950 if self.emphysema is None else self.emphysema)


def point_measures(scan: AlignedScan, found: SliceFeatures, size: int, truth: Path) -> PointMeasures:
    """Measures the patches of `size` voxels round the points of a slice, as `local_measures` does at the landmarks.

    `truth` is the truth file of the subject, which scans of people do not have.
    """
    inside = Volume(np.asarray(scan.lungs) > 0, scan.volume.affine)
    patches, within = (extract_patches(volume, found.centres_mm, size)[0] for volume in (scan.volume, inside))
    laa950, histogram = lung_histograms(patches, within > 0)
    if not truth.exists():
        return PointMeasures(laa950, histogram, None)
    masks, affine = load_truth(truth), nib.load(truth).affine
    ill = np.any([masks[name] for name in LOCAL_TRUTH["emphysema"]], axis=0)
    edge = max(1, round(size * scan.volume.spacing[0] / float(np.linalg.norm(affine[:3, 0]))))
    share = lung_shares({"emphysema": ill}, masks["lungs"], affine, found.centres_mm, edge)["emphysema"]
    return PointMeasures(laa950, histogram, share)


def clicked_point(measures: PointMeasures) -> int:
    """Returns the point [N] that is clicked: the one with the most disease round it, by truth or else by LAA-950."""
    return int(measures.extent.argmax())


def apart_from(found: SliceFeatures, point: int, size: int) -> np.ndarray:
    """Returns which points have patches of `size` voxels that share no voxel with that of one point, bool [N].

    Overlapping patches resemble each other whatever an encoder knows.
    """
    return (np.abs(found.points - found.points[point]) >= size).any(axis=1)
