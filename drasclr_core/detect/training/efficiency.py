"""How well a detector does with a part of the annotated boxes (paper, section 4.3.2, Figure 5)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from drasclr_core.detect.boxes.dataset import POSITIVE, Boxes
from drasclr_core.detect.detector.forward import direct_probability
from drasclr_core.detect.scoring.scores import box_outcomes, detection_scores
from drasclr_core.detect.scoring.voxels import THRESHOLD
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import train_detector
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 2
"""Raise when a training changes its result, so that those of an older version are made anew."""


@dataclass(frozen=True)
class Start:
    """Where a training begins: a name for the results, an encoder, and how it is trained."""

    method: str
    encoder: nn.Module
    config: FinetuneConfig


@dataclass(frozen=True)
class Fit:
    """One training: of which method, for which subtype, with which share of the boxes, seed and tested fold."""

    method: str
    subtype: str
    fraction: float
    seed: int
    fold: int


def part_of_boxes(sids: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Draws a part of the annotated boxes of subjects `sids` [N]: what there were if the annotator had stopped earlier.

    With one seed a larger part holds every smaller one. The first two boxes are of two subjects, as far as there are
    two, so that one can train and one can stop the training. Returns sorted indices int [max(2, round(fraction * N))],
    or raises ValueError for a fraction outside (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"A fraction of the boxes lies between 0 and 1; {fraction} does not.")
    order = np.random.default_rng([seed, 24]).permutation(len(sids))
    others = np.flatnonzero(sids[order] != sids[order[0]])
    if len(others):
        order[1 : others[0] + 1] = np.roll(order[1 : others[0] + 1], 1)
    return np.sort(order[: max(2, round(fraction * len(sids)))])


def annotation_curve(run: Run, boxes: Boxes, starts: list[Start], fits: list[Fit], workers: int = 1) -> pd.DataFrame:
    """Trains and tests once for each of the `fits`; every one is kept in ``efficiency/`` as soon as it is finished.

    A training uses a part of the annotated boxes of its four training folds and all their healthy ones, which cost no
    annotation; boxes of the other subtype, which do, are left out. It is tested on all boxes of its fold, by the
    probability of each box's own patch.

    Returns
    -------
    DataFrame
        ``method, subtype, fraction, seed, fold, f1, boxes``: annotated boxes in training. F1 is NaN where the fold has
        no box of the subtype.
    """
    known = {start.method: (start, weights_fingerprint(start.encoder)) for start in starts}
    one = partial(_one_fit, folder=run.efficiency, boxes=boxes, known=known)
    rows = for_each(one, fits, "trainings", workers)
    curve = pd.DataFrame(rows, columns=[*[field.name for field in fields(Fit)], "f1", "boxes"])
    return curve.astype({"fraction": float, "f1": float, "boxes": int})


def _one_fit(fit: Fit, folder: Path, boxes: Boxes, known: dict[str, tuple[Start, str]]) -> dict:
    start, weights = known[fit.method]
    config = replace(start.config, seed=fit.seed)
    key = fingerprint(version=VERSION, boxes=boxes.patches.key, fold=boxes.fold, weights=weights,
                      config=config.method(), fit=vars(fit))  # fmt: skip
    return vars(fit) | kept(folder, key, key, lambda: _train_and_test(fit, start.encoder, config, boxes, folder, key))


def _train_and_test(fit: Fit, encoder: nn.Module, config: FinetuneConfig, boxes: Boxes, folder: Path, key: str) -> dict:
    rows, labels = boxes.rows(fit.subtype), boxes.kinds(fit.subtype) == POSITIVE
    sids = boxes.table["sid"].to_numpy()
    train, test = rows[boxes.fold[rows] != fit.fold], rows[boxes.fold[rows] == fit.fold]
    annotated = train[labels[train]]
    part = annotated[part_of_boxes(sids[annotated], fit.fraction, fit.seed)]
    train = np.concatenate([part, train[~labels[train]]])
    detector, _ = train_detector(
        boxes, train, encoder, config, {"key": key, "subtype": fit.subtype}, folder / f"{key}.state.pt"
    )
    called = direct_probability(detector, boxes.patches, test) > THRESHOLD
    f1 = float(detection_scores(**box_outcomes(labels[test], called).sum())["F1"])
    return {"f1": None if np.isnan(f1) else f1, "boxes": len(part)}
