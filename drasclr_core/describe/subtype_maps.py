"""Dense maps of one scan by a run's detectors, kept in the scan's own folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.describe.description import mask_file, probability_file
from drasclr_core.describe.scan_folder import OneScan
from drasclr_core.detect.detector.detector import Detector, detector_of
from drasclr_core.detect.maps.maps import save_map
from drasclr_core.detect.maps.truth import has_truth, true_shares
from drasclr_core.detect.verdict.verdict import drawn_subtypes, read_verdicts
from drasclr_core.imaging.volume import load_mask
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.names import refuse_unknown
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.represent.dense import DenseOptions, dense_probability
from drasclr_core.run import Run

VERSION = 2
"""Raise when maps change with equal inputs, so that those of an older version are made anew."""


def detectors_for(run: Run, method: str, subtypes: Sequence[str], sid: str | None) -> tuple[dict[str, Detector], str]:
    """Returns the detectors of these subtypes, none of which was trained on subject `sid`, and why some are missing.

    Detectors that are not clearly better than chance on held-out boxes are not given (`drawn_subtypes`): what they mark
    would look like disease.

    Raises
    ------
    ValueError
        There is no such subtype.
    """
    refuse_unknown(subtypes, SUBTYPES, "emphysema subtype")
    drawn, said = drawn_subtypes(run, method)
    missing = [subtype for subtype in subtypes if subtype not in said]
    why = [said[subtype] for subtype in subtypes if subtype in said and subtype not in drawn]
    if missing:
        which = " and ".join(missing)
        why.append(f"This run has no detectors {method!r} of {which} emphysema: notebook 20_emphysema trains them.")
    found = {}
    for subtype in [one for one in subtypes if one in drawn]:
        try:
            found[subtype] = detector_of(run, method, subtype, sid)
        except FileNotFoundError as error:  # what travels of a run has detectors for new subjects only
            why.append(str(error))
    return found, " ".join(why)


def map_subtype(scan: OneScan, subtype: str, detector: Detector, **how) -> dict:
    """Writes the probability and the mask (from the detector's threshold on) of one subtype; made once and kept.

    Parameters
    ----------
    scan : OneScan
        Aligned.
    subtype : str
    detector : Detector
    **how
        ``stride, block, check, seed`` of `DenseOptions`.

    Returns
    -------
    dict
        ``key``, which changes with all inputs; `how`; ``threshold`` and ``fold`` of the detector; and what
        `dense_probability` reports: ``evaluations, seconds, clipped, unrefined``, and ``error`` against exact voxels
        (fields of `ProbabilityError`, or None).
    """
    how = {**how, "threshold": detector.threshold}
    key = fingerprint(version=VERSION, aligned=scan.key, weights=weights_fingerprint(detector), how=how)
    files = [scan.folder / probability_file(subtype), scan.folder / mask_file(subtype)]

    def make() -> dict:
        dense = dense_probability(scan.aligned, detector.encoder, detector.probability, options=DenseOptions(**how))
        save_map(dense, *files)
        facts = {name: getattr(dense, name) for name in ("evaluations", "seconds", "clipped", "unrefined")}
        error = asdict(dense.error) if dense.error else None
        return {**how, **facts, "error": error, "fold": detector.description.get("fold")}

    return {"key": key, **kept(scan.folder, f"map-{subtype}", key, make, files)}


def with_worth(maps: dict[str, dict], run: Run, method: str, sid: str | None) -> dict[str, dict]:
    """Returns the maps' facts with what is known of their worth.

    Parameters
    ----------
    maps : dict
        Subtype -> facts, from `map_subtype`.
    run : Run
    method : str
        Whose detectors.
    sid : str or None
        The subject of the cohort that the scan is.

    Returns
    -------
    dict
        With, for each subtype, ``found`` and ``healthy``, the shares of annotated boxes and of healthy lungs of unseen
        subjects that are called ill (`Verdict`), and ``true_pct``, how much of the lungs is ill, % (None but for a
        phantom of the cohort).
    """
    truth = true_shares(run, sid) if maps and sid and has_truth(run, sid) else {}
    worth = read_verdicts(run, method)
    return {subtype: facts | {"found": worth[subtype].found, "healthy": worth[subtype].healthy,
                              "true_pct": 100 * truth[subtype] if truth else None}
            for subtype, facts in maps.items()}  # fmt: skip


def read_masks(folder: Path, subtypes: Iterable[str]) -> dict[str, np.ndarray]:
    """Returns the masks [x, y, z] that `map_subtype` wrote, bool, on the grid of the scan's lungs."""
    return {subtype: load_mask(folder / mask_file(subtype))[0] > 0 for subtype in subtypes}
