"""Dense emphysema maps: the probability of one subtype at every lung voxel, as files that any viewer opens (Figure 3).

A map answers at each voxel what the detector learnt to answer of a patch: does the 32 mm cube round this point show the
subtype? So it is as coarse as the patch, and its mask is larger than the diseased tissue itself.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import nibabel as nib
import numpy as np

from drasclr_core.anatomy.aligned_scan import read_aligned_scan
from drasclr_core.detect.detector.detector import Detector, detector_of
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.volume import save_mask
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.represent.dense import DenseOptions, DenseProbability, dense_probability
from drasclr_core.run import Run

VERSION = 2
"""Raise when maps change with equal inputs, so that those of an older version are made anew."""
LEVELS = 250
"""Probabilities are stored in so many steps of 0.004: 0.5 and 1 are steps, and files are far smaller than of floats."""


def map_subject(subject: tuple[str, str], run: Run, method: str, subtype: str, options: DenseOptions) -> dict:
    """Maps one subject by the detector that was not trained on it; each map is made once and kept.

    Writes ``maps/<method>/<sid>-<subtype>.nii.gz`` (probability, 0 outside the lungs) and
    ``<sid>-<subtype>-mask.nii.gz`` (1 from the detector's threshold on) in the space of the scan, at the encoder's
    voxel size.

    Parameters
    ----------
    subject : (str, str)
        sid and path of the scan.
    method : str
        Folder under ``detectors``.
    subtype : str
        One of `drasclr_core.cohort.annotations.SUBTYPES`.

    Returns
    -------
    dict
        ``sid, subtype, fold, threshold, voxels`` (of the lungs), ``share`` (of the lungs in the mask),
        ``evaluations, seconds, unrefined, clipped``; of the error against exact voxels, where `check` asks for it,
        ``error_voxels, error_mean, error_mean_interval, error_decisions, error_decisions_interval`` (see
        `ProbabilityError`).
    """
    sid, image = subject
    detector = detector_of(run, method, subtype, sid)
    options = replace(options, threshold=detector.threshold)
    files = [run.map_file(method, sid, subtype, mask) for mask in (False, True)]

    def make() -> dict:
        scan = read_aligned_scan(run, sid, image, detector.encoder.description["spacing_mm"])
        dense = dense_probability(scan, detector.encoder, detector.probability, options=options)
        save_map(dense, *files)
        return _facts(dense, scan.lungs)

    facts = kept(run.maps(method), f"{sid}-{subtype}", map_key(run, sid, detector, options), make, files)
    about = {"fold": detector.description.get("fold"), "threshold": detector.threshold}
    return {"sid": sid, "subtype": subtype, **about, **facts}


def map_key(run: Run, sid: str, detector: Detector, options: DenseOptions) -> str:
    """Changes with the scan, its lungs and alignment, the detector's weights, and how the map is made."""
    aligned = read_json(run.alignment(sid) / ".align.json").get("key")
    return fingerprint(version=VERSION, aligned=aligned, weights=weights_fingerprint(detector), **asdict(options))


def save_map(dense: DenseProbability, probability_path: str | Path, mask_path: str | Path) -> None:
    """Writes a map's probability (see `save_probability`) and its mask."""
    save_probability(probability_path, dense.probability, dense.affine)
    save_mask(mask_path, dense.mask, dense.affine)


def save_probability(path: str | Path, probability: np.ndarray, affine: np.ndarray) -> None:
    """Writes probabilities [x, y, z] in [0, 1] as uint8 ``.nii.gz`` with a scale factor that viewers apply.

    NaN (outside the lungs) is written as 0, because viewers do not agree on how to show it. The affine [4, 4] leads
    from voxel indices to RAS mm.
    """
    image = nib.Nifti1Image(np.rint(np.nan_to_num(probability) * LEVELS).astype(np.uint8), affine)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(1 / LEVELS, 0)
    with atomic(path) as temporary:
        nib.save(image, temporary)


def _facts(dense: DenseProbability, lungs: np.ndarray) -> dict:
    inside = lungs > 0
    facts = {name: getattr(dense, name) for name in ("evaluations", "seconds", "unrefined", "clipped")}
    error = {f"error_{name}": value for name, value in asdict(dense.error).items()} if dense.error else {}
    return {"voxels": int(inside.sum()), "share": float(dense.mask[inside].mean()), **facts, **error}
