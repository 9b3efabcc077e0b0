"""Whole healthy lungs through the detectors: some of them set the threshold, others say what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import numpy as np
import pandas as pd
import torch

from drasclr_core.anatomy.aligned_scan import AlignedScan, read_aligned_scan
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
    Each subject is read once for all detectors that are asked about it; what they answered is kept.

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
    jobs = [(subtype, int(fold)) for subtype in subtypes for fold in np.unique(boxes.fold)]
    detectors = {job: Detector.from_pretrained(run.detector(method, *job)) for job in jobs}
    stopping = {job: healthy_stopping(boxes, *job, twins, seed) for job in jobs}
    tested = {job: healthy_tested(boxes, *job) for job in jobs}
    images = read_subjects(run).set_index("sid")["image"]
    sids, answers, rows = sorted({sid for own in (*stopping.values(), *tested.values()) for sid in own}), {}, []
    for sid in track(sids, f"healthy lungs, {method}"):
        asked = {job: one for job, one in detectors.items() if sid in stopping[job] or sid in tested[job]}
        answers[sid] = _answers(run, method, sid, images[sid], asked)
    for job in jobs:
        threshold = operating_point([answers[sid][job] for sid in stopping[job]], share)
        write_threshold(run.detector(method, *job), threshold)
        for sid in tested[job]:
            marked = [(answers[sid][job] >= limit).mean() for limit in (threshold, THRESHOLD)]
            rows.append((method, job[0].capitalize(), job[1], threshold, sids.index(sid) + 1, *marked))
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


def _answers(run: Run, method: str, sid: str, image: str, asked: Mapping[tuple[str, int], Detector]) -> dict:
    """Returns what each of the detectors says at voxels of a subject's lungs, some `STEP_MM` apart."""
    names = {run.detector(method, *job).name: job for job in asked}
    key = fingerprint(version=VERSION, step=STEP_MM, aligned=read_json(run.alignment(sid) / ".align.json").get("key"),
                      weights={name: weights_fingerprint(asked[job]) for name, job in names.items()})  # fmt: skip
    read = cache(partial(read_aligned_scan, run, sid, image_path(run, image)))

    def make() -> dict:
        return {name: _asked(asked[job], read).tolist() for name, job in names.items()}

    found = kept(run.detectors(method), f"healthy-{sid}", key, make)
    return {job: np.array(found[name]) for name, job in names.items()}


def _asked(detector: Detector, read: Callable[[float], AlignedScan]) -> np.ndarray:
    spacing = detector.encoder.description["spacing_mm"]
    options = DenseOptions(stride=max(1, round(STEP_MM / spacing)), block=1, check=0)
    dense = dense_features(read(spacing), detector.encoder, options=options)
    return probabilities(detector.probability, torch.from_numpy(np.asarray(dense.features)))[:, 0]
