"""How many annotated boxes a detector needs, pretrained or from scratch (paper, section 4.3.2, Figure 5)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.detect.config import FinetuneConfig
from drasclr_core.detect.cross_validation import direct_probability, train_detector, weights_key
from drasclr_core.detect.dataset import Boxes
from drasclr_core.detect.scores import detection_scores, outcomes
from drasclr_core.detect.voxels import THRESHOLD
from drasclr_core.model.encoder import Encoder
from drasclr_core.progress import for_each
from drasclr_core.run import Run, fingerprint, read_json, write_json

VERSION = 1
"""Raise when a training changes its result, so that those of an older version are made anew."""


@dataclass(frozen=True)
class Start:
    """Where a training begins: a name for the results, an encoder, and how it is trained."""

    method: str
    encoder: Encoder
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
    """A random part of the annotated boxes: what there would be if the annotator had stopped earlier.

    With one seed a larger part holds every smaller one. The first two boxes are of two subjects, as far as there are
    two, so that one can train and one can stop the training.

    Parameters
    ----------
    sids : str [N]
        Whose boxes these are.
    fraction : float
        In (0, 1].
    seed : int

    Returns
    -------
    int [max(2, round(fraction * N))]
        Sorted indices.

    Raises
    ------
    ValueError
        For another fraction.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"A fraction of the boxes lies between 0 and 1; {fraction} does not.")
    order = np.random.default_rng([seed, 24]).permutation(len(sids))
    others = np.flatnonzero(sids[order] != sids[order[0]])
    if len(others):
        order[1 : others[0] + 1] = np.roll(order[1 : others[0] + 1], 1)
    return np.sort(order[: max(2, round(fraction * len(sids)))])


def annotation_curve(run: Run, boxes: Boxes, starts: list[Start], fits: list[Fit], workers: int = 1) -> pd.DataFrame:
    """Train and test once for each of the `fits`; every one is kept in the run folder as soon as it is finished.

    A training uses a part of the annotated boxes of its four training folds and all their healthy ones, which cost no
    annotation. It is tested on all boxes of its fold, by the probability of each box's own patch.

    Parameters
    ----------
    run : Run
        Gets ``efficiency/`` in the cohort's folder.
    boxes : Boxes
    starts : list of Start
    fits : list of Fit
    workers : int
        Processes.

    Returns
    -------
    DataFrame
        ``method, subtype, fraction, seed, fold, f1, boxes``: annotated boxes in training. F1 is NaN where the
        fold has no box of the subtype.
    """
    known = {start.method: (start, weights_key(start.encoder)) for start in starts}
    one = partial(_one_fit, folder=run.cohort / "efficiency", boxes=boxes, known=known)
    curve = pd.DataFrame(
        for_each(one, fits, "trainings", workers), columns=[*[field.name for field in fields(Fit)], "f1", "boxes"]
    )
    return curve.astype({"fraction": float, "f1": float, "boxes": int})


def _one_fit(fit: Fit, folder: Path, boxes: Boxes, known: dict[str, tuple[Start, str]]) -> dict:
    start, weights = known[fit.method]
    config = replace(start.config, seed=fit.seed)
    key = fingerprint(version=VERSION, boxes=boxes.patches.key, fold=boxes.fold, weights=weights,
                      config=config.method(), fit=vars(fit))  # fmt: skip
    kept = folder / f"{key}.json"
    if not kept.exists():
        write_json(kept, {**vars(fit), **_train_and_test(fit, start.encoder, config, boxes, kept, key)})
    row = read_json(kept)
    return {**row, "f1": np.nan if row["f1"] is None else row["f1"]}


def _train_and_test(fit: Fit, encoder: Encoder, config: FinetuneConfig, boxes: Boxes, kept: Path, key: str) -> dict:
    rows, labels, sids = boxes.rows(fit.subtype), boxes.labels(), boxes.table["sid"].to_numpy()
    train, test = rows[boxes.fold[rows] != fit.fold], rows[boxes.fold[rows] == fit.fold]
    annotated = train[labels[train]]
    part = annotated[part_of_boxes(sids[annotated], fit.fraction, fit.seed)]
    train = np.concatenate([part, train[~labels[train]]])
    detector, _ = train_detector(boxes, train, encoder, config, {"key": key}, kept.with_suffix(".state.pt"))
    called = direct_probability(detector, boxes, test) > THRESHOLD
    f1 = float(detection_scores(**outcomes(labels[test], called).sum())["F1"])
    return {"f1": None if np.isnan(f1) else f1, "boxes": len(part)}
