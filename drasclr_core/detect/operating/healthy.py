"""Whole healthy lungs through the detectors: some of them set the threshold, others say what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
import torch

from drasclr_core.anatomy.aligned_scan import read_aligned_scan
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.detect.boxes.dataset import NEGATIVE, Boxes
from drasclr_core.detect.detector.detector import Detector, write_threshold
from drasclr_core.detect.operating.point import HEALTHY_SHARE, operating_point
from drasclr_core.detect.scoring.voxels import THRESHOLD
from drasclr_core.files import read_json
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import track
from drasclr_core.represent.dense import DenseOptions, dense_features
from drasclr_core.represent.dense.heads import probabilities
from drasclr_core.run import Run

VERSION = 1
"""Raise when thresholds change with equal inputs."""
STEP_MM = 20.0
"""Voxels so far apart are asked: some six hundred of a pair of lungs."""
COLUMNS = ("method", "task", "fold", "threshold", "lung", "share", "half")


def find_operating_points(run: Run, boxes: Boxes, subtypes: Sequence[str], method: str, seed: int, twins: bool = True,
                          share: float = HEALTHY_SHARE) -> pd.DataFrame:  # fmt: skip
    """Finds the threshold of each detector of a method, gives it to the detector, and tries it on healthy lungs.

    The threshold of a fold is found in the healthy subjects that stopped its training (all that trained, where none
    did), the healthy subjects of the fold itself say what it marks in people whom neither weights nor threshold know.
    Done once for each detector, and kept.

    Parameters
    ----------
    subtypes : sequence of str
        With trained detectors.
    method : str
        Folder under ``detectors``.
    seed, twins
        Those of the training (`FinetuneConfig`).
    share : float
        Of healthy lungs, see `operating_point`.

    Returns
    -------
    DataFrame
        ``method, task, fold, threshold, lung, share, half``: a row for each detector and healthy subject of its fold.
        The task is the subtype with a capital, `lung` a number that is the subject's own in all rows, `share` what is
        called ill of the lungs, `half` what would be from a probability of one half on.
    """
    subjects = read_subjects(run).set_index("sid")
    healthy = sorted(boxes.table.loc[boxes.kinds(subtypes[0]) == NEGATIVE, "sid"].unique()) if subtypes else []
    number, rows = {sid: index for index, sid in enumerate(healthy, start=1)}, []
    jobs = [(subtype, int(fold)) for subtype in subtypes for fold in np.unique(boxes.fold)]
    for subtype, fold in track(jobs, f"healthy lungs, {method}"):
        folder = run.detector(method, subtype, fold)
        detector = Detector.from_pretrained(folder)
        chosen, tested = healthy_stopping(boxes, subtype, fold, twins, seed), healthy_tested(boxes, subtype, fold)
        aligned = {sid: read_json(run.alignment(sid) / ".align.json").get("key") for sid in (*chosen, *tested)}
        key = fingerprint(version=VERSION, weights=weights_fingerprint(detector), chosen=chosen, tested=tested,
                          aligned=aligned, share=share, step=STEP_MM)  # fmt: skip
        ask = partial(_asked, run, detector, subjects["image"])
        facts = kept(folder.parent, f"{folder.name}-operating", key, partial(_try_out, ask, chosen, tested, share))
        write_threshold(folder, facts["threshold"])
        rows += [(method, subtype.capitalize(), fold, facts["threshold"], number[sid], *marked)
                 for sid, *marked in zip(tested, facts["shares"], facts["halves"], strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def healthy_stopping(boxes: Boxes, subtype: str, fold: int, twins: bool, seed: int) -> list[str]:
    """Returns the healthy subjects that stopped the training of a fold; all that trained where none was kept for it."""
    train = boxes.training(subtype, fold, twins)
    negative = boxes.kinds(subtype)[train] == NEGATIVE
    sids = boxes.table["sid"].to_numpy()[train]
    return sorted(set(sids[negative & boxes.stopping(subtype, train, seed)]) or set(sids[negative]))


def healthy_tested(boxes: Boxes, subtype: str, fold: int) -> list[str]:
    """Returns the healthy subjects of a fold."""
    return sorted(set(boxes.table["sid"][(boxes.kinds(subtype) == NEGATIVE) & (boxes.fold == fold)]))


def _asked(run: Run, detector: Detector, images: pd.Series, sid: str) -> np.ndarray:
    """Probabilities of voxels of a subject's lungs, some `STEP_MM` apart."""
    spacing = detector.encoder.description["spacing_mm"]
    scan = read_aligned_scan(run, sid, image_path(run, images[sid]), spacing)
    options = DenseOptions(stride=max(1, round(STEP_MM / spacing)), block=1, check=0)
    dense = dense_features(scan, detector.encoder, options=options)
    return probabilities(detector.probability, torch.from_numpy(np.asarray(dense.features)))[:, 0]


def _try_out(ask: Callable[[str], np.ndarray], chosen: Sequence[str], tested: Sequence[str], share: float) -> dict:
    threshold, seen = operating_point([ask(sid) for sid in chosen], share), [ask(sid) for sid in tested]
    marked = {name: [float((one >= limit).mean()) for one in seen]
              for name, limit in (("shares", threshold), ("halves", THRESHOLD))}  # fmt: skip
    return {"threshold": threshold, **marked}
