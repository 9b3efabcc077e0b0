"""The share of the lungs that a detector calls diseased, from a systematic sample of voxels (Figure 4).

A share needs no map. Voxels some stride apart, evaluated exactly where they lie and not interpolated, give it at a
fraction of the cost: neighbouring voxels have nearly the same patch, and would repeat the same answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from itertools import product

import numpy as np
import pandas as pd
import torch

from drasclr_core.anatomy.aligned_scan import read_aligned_scan
from drasclr_core.detect.detector.detector import Detector, detector_of
from drasclr_core.detect.maps.maps import map_key
from drasclr_core.pieces import kept
from drasclr_core.represent.dense import DenseOptions, dense_features
from drasclr_core.represent.dense.heads import probabilities
from drasclr_core.run import Run


def sample_subject(
    subject: tuple[str, str], run: Run, method: str, subtypes: tuple[str, ...], options: DenseOptions
) -> list[dict]:
    """Measures the detected share of each subtype in one subject; each is computed once and kept beside the maps.

    Parameters
    ----------
    subject, run, method
        As in `map_subject`. Each subtype's detector is one that was not trained on the subject.
    subtypes : tuple of str
    options : DenseOptions
        Its stride is that of the sample.

    Returns
    -------
    list of dict
        ``sid, subtype, share`` (NaN if the lattice misses the lungs), ``error`` (standard error of the share by
        `sampling_error`), ``points, seconds``.
    """
    sid, image = subject
    read = cache(partial(read_aligned_scan, run, sid, image))

    def measure(detector: Detector) -> dict:
        dense = dense_features(read(detector.encoder.description["spacing_mm"]), detector.encoder, options=options)
        facts = {"share": float("nan"), "error": float("nan"), "points": len(dense.points), "seconds": dense.seconds}
        if len(dense.points):
            positive = probabilities(detector.probability, torch.from_numpy(dense.features))[:, 0] >= detector.threshold
            error = sampling_error(dense.points // options.stride, positive)
            facts |= {"share": float(positive.mean()), "error": error}
        return facts

    rows = []
    for subtype in subtypes:
        detector = detector_of(run, method, subtype, sid)
        key = map_key(run, sid, detector, replace(options, threshold=detector.threshold))
        facts = kept(run.maps(method), f"{sid}-{subtype}-share", key, partial(measure, detector))
        rows.append({"sid": sid, "subtype": subtype, **facts})
    return rows


def sampling_error(points: np.ndarray, positive: np.ndarray) -> float:
    """Returns the standard error of a share from a lattice of points, out of the lattice itself.

    The lattice is taken apart into the eight lattices of twice the step. Each gives a share of its own; their spread
    over the square root of eight is the error of the whole (interpenetrating samples: Mahalanobis 1946). Where disease
    lies in patches larger than the step, this is more than the true error, since the eight also complement each other.
    NaN where fewer than two of the eight hold a point.

    Parameters
    ----------
    points : int [N, 3]
        Positions on the lattice, in steps.
    positive : bool [N]
        The detector's answer at each.
    """
    part = (np.asarray(points) % 2) @ [4, 2, 1]
    counts, hits = np.bincount(part, minlength=8), np.bincount(part, np.asarray(positive, dtype=float), minlength=8)
    held = counts > 0
    if held.sum() < 2:
        return float("nan")
    share, shares, weight = hits.sum() / counts.sum(), hits[held] / counts[held], counts[held] / counts.sum()
    return float(np.sqrt((weight * (shares - share) ** 2).sum() / (held.sum() - 1)))


def lattice_errors(mask: np.ndarray, lungs: np.ndarray, stride: int) -> np.ndarray:
    """Returns how far the shares of all lattices of one stride are from the share of all voxels, for a known mask.

    Of a mask and lungs [x, y, z], above zero inside, it gives float [stride^3]: share on the lattice minus share of all
    lung voxels, one for each place of the lattice's first point; NaN where a lattice misses the lungs.
    """
    inside = np.asarray(lungs) > 0
    mask = (np.asarray(mask) > 0) & inside
    whole, errors = mask.sum() / inside.sum(), []
    for x, y, z in product(range(stride), repeat=3):
        cut = (slice(x, None, stride), slice(y, None, stride), slice(z, None, stride))
        count = np.count_nonzero(inside[cut])
        errors.append(np.count_nonzero(mask[cut]) / count - whole if count else np.nan)
    return np.array(errors)


def lattice_table(masks: list[tuple[np.ndarray, np.ndarray]], strides: list[int]) -> pd.DataFrame:
    """Returns how well lattices of each stride measure the share of the lungs that known masks (mask, lungs) take.

    Columns ``stride, points`` (mean per scan), ``rms`` and ``worst`` (root mean square error over all lattices, of all
    masks together and of the worst; percentage points).
    """
    rows = []
    for stride in strides:
        squares = [np.nanmean(lattice_errors(mask, lungs, stride) ** 2) for mask, lungs in masks]
        points = np.mean([np.count_nonzero(lungs) for _, lungs in masks]) / stride**3
        rows.append((stride, points, 100 * np.sqrt(np.mean(squares)), 100 * np.sqrt(np.max(squares))))
    return pd.DataFrame(rows, columns=["stride", "points", "rms", "worst"]).round({"points": 0})
