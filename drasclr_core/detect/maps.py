"""Dense emphysema maps: the probability of one subtype at every lung voxel, as files that any viewer opens (Figure 3).

A map answers at each voxel what the detector learnt to answer of a patch: does the 32 mm cube round this point show the
subtype? So it is as coarse as the patch, and its mask is larger than the diseased tissue itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.detect.detector import ABOUT, Detector, detector_folder, detector_of, folds_file
from drasclr_core.imaging.volume import Volume, load_mask, load_volume, save_mask
from drasclr_core.represent.dense import DenseProbability, dense_probability
from drasclr_core.run import Run, atomic, fingerprint, is_done, mark_done, read_json

VERSION = 1
"""Raise when maps change with equal inputs, so that those of an older version are made anew."""
LEVELS = 250
"""Probabilities are stored in so many steps of 0.004: 0.5 and 1 are steps, and files are far smaller than of floats."""


class AlignedScan(NamedTuple):
    """A subject as a detector needs it: volume of the encoder's voxel size, lungs on its grid, affine to the atlas."""

    volume: Volume
    lungs: np.ndarray
    affine: AtlasAffine


def read_scan(run: Run, sid: str, image: str | Path, spacing: float) -> AlignedScan:
    """Read what stages 01, 02 and 04 know of one subject.

    Parameters
    ----------
    run : Run
    sid : str
    image : path
        The subject's scan.
    spacing : float
        Voxel size in mm of the detector's encoder.

    Raises
    ------
    FileNotFoundError
        The subject was refused, or is not aligned with the atlas yet.
    """
    folder = run.anatomy(sid)
    if not (folder / "affine.json").exists():
        raise FileNotFoundError(f"{sid}: no affine to the atlas. Run notebook 04_registration first; a subject that "
                                "was refused there has no map.")  # fmt: skip
    return AlignedScan(
        load_volume(image, spacing), load_mask(folder / "lungs.nii.gz")[0], AtlasAffine.load(folder / "affine.json")
    )


def map_subject(subject: tuple[str, str], run: Run, method: str, subtype: str, **how) -> dict:
    """The dense map of one subject by the detector that was not trained on it; made once and kept.

    Writes ``maps/<method>/<sid>-<subtype>.nii.gz`` (probability, 0 outside the lungs) and
    ``<sid>-<subtype>-mask.nii.gz`` (1 where it is 0.5 or more) in the space of the scan, at the encoder's voxel size.

    Parameters
    ----------
    subject : (str, str)
        sid and path of the scan.
    run : Run
    method : str
        Folder under ``detectors``.
    subtype : str
        One of `drasclr_core.cohort.annotations.SUBTYPES`.
    **how
        ``stride``, ``block``, ``budget``, ``check``, ``exact``, ``seed`` of `dense_probability`.

    Returns
    -------
    dict
        ``sid, subtype, fold, voxels`` (of the lungs), ``share`` (of the lungs in the mask), ``evaluations, seconds,
        unrefined, clipped``; of the error against exact voxels, where `check` asks for it, ``error_voxels, error_mean,
        error_mean_interval, error_decisions, error_decisions_interval`` (see `ProbabilityError`).
    """
    sid, image = subject
    detector = detector_of(run, method, subtype, sid)
    folder, piece, key = maps_folder(run, method), f"{sid}-{subtype}", map_key(run, sid, detector, **how)
    files = [map_file(run, method, sid, subtype, mask) for mask in (False, True)]
    if not (is_done(folder, piece, key) and all(file.exists() for file in files)):
        scan = read_scan(run, sid, image, detector.encoder.description["spacing_mm"])
        dense = dense_probability(*scan, detector.encoder, detector.probability, **how)
        save_probability(files[0], dense.probability, dense.affine)
        save_mask(files[1], dense.mask, dense.affine)
        mark_done(folder, piece, key, **_facts(dense, scan.lungs))
    facts = {name: value for name, value in read_json(folder / f".{piece}.json").items() if name != "key"}
    return {"sid": sid, "subtype": subtype, "fold": detector.description.get("fold"), **facts}


def trained_subtypes(run: Run, method: str) -> list[str]:
    """Subtypes of which there is a detector for every fold; none before notebook 20, or where it had too few boxes."""
    if not folds_file(run, method).exists():
        return []
    folds = {0, *pd.read_csv(folds_file(run, method))["fold"].astype(int)}
    return [
        subtype
        for subtype in SUBTYPES
        if all((detector_folder(run, method, subtype, fold) / ABOUT).exists() for fold in folds)
    ]


def maps_folder(run: Run, method: str) -> Path:
    """Where the maps of one method's detectors are kept."""
    return run.cohort / "maps" / method


def map_file(run: Run, method: str, sid: str, subtype: str, mask: bool = False) -> Path:
    """The probability map of one subject and subtype, or its mask."""
    return maps_folder(run, method) / f"{sid}-{subtype}{'-mask' if mask else ''}.nii.gz"


def map_key(run: Run, sid: str, detector: Detector, **how) -> str:
    """Changes with the scan, its lungs and alignment, the detector's weights, and how the map is made."""
    digest = hashlib.sha256()
    for name, tensor in sorted(detector.state_dict().items()):
        digest.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    aligned = read_json(run.anatomy(sid) / ".align.json").get("key")
    return fingerprint(version=VERSION, aligned=aligned, weights=digest.hexdigest(), **how)


def save_probability(path: str | Path, probability: np.ndarray, affine: np.ndarray) -> None:
    """Write probabilities as uint8 ``.nii.gz`` with a scale factor, which viewers apply by themselves.

    Parameters
    ----------
    probability : float [x, y, z]
        In [0, 1]; NaN (outside the lungs) is written as 0, because viewers do not agree on how to show NaN.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    """
    image = nib.Nifti1Image(np.rint(np.nan_to_num(probability) * LEVELS).astype(np.uint8), affine)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(1 / LEVELS, 0)
    with atomic(path) as temporary:
        nib.save(image, temporary)


def load_probability(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read what `save_probability` wrote: float32 [x, y, z], and its affine [4, 4] (RAS mm)."""
    image = nib.load(path)
    return image.get_fdata(dtype=np.float32), image.affine


def _facts(dense: DenseProbability, lungs: np.ndarray) -> dict:
    inside = lungs > 0
    error = {f"error_{name}": value for name, value in asdict(dense.error).items()} if dense.error else {}
    return {
        "voxels": int(inside.sum()),
        "share": float(dense.mask[inside].mean()),
        "evaluations": dense.evaluations,
        "seconds": dense.seconds,
        "unrefined": dense.unrefined,
        "clipped": dense.clipped,
        **error,
    }
