"""How many annotated boxes a detector needs, and how many pretraining saves (paper, section 4.3.2, Figure 5)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.detector.forward import direct_probability
from drasclr_core.detect.scoring.scores import box_outcomes, detection_scores
from drasclr_core.detect.scoring.voxels import THRESHOLD
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import train_detector
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 1
"""Raise when a training changes its result, so that those of an older version are made anew."""
PAPER_FACTORS = {"centrilobular": 2.0, "paraseptal": 5.0}
"""Section 4.3.2: half, and a fifth, of the boxes reach what all boxes reach from scratch."""
LEAST_TRAININGS = 5
"""An interval from fewer pairs of seed and fold would look certain because there is little to draw from."""


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
    annotation. It is tested on all boxes of its fold, by the probability of each box's own patch.

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


def saved_annotation(curve: pd.DataFrame, pretrained: str, scratch: str, draws: int = 1000, seed: int = 0
                     ) -> pd.DataFrame:  # fmt: skip
    """Returns the factor of annotation saved, with a bootstrap interval over trainings.

    The mean F1 from scratch with all boxes is the goal. The factor is one over the smallest share of the boxes with
    which the mean F1 of the pretrained detector reaches it, on the straight lines between the measured shares. Reached
    with the smallest measured share, it is at least that factor; never reached, it is below 1: both ends are censored.

    Parameters
    ----------
    curve : DataFrame
        ``method, subtype, fraction, seed, fold, f1``, from `annotation_curve`.
    pretrained, scratch : str
        Methods.
    draws, seed : int
        Of the bootstrap, which draws pairs of seed and fold, the same for both methods. It leaves out that other
        subjects would have been annotated.

    Returns
    -------
    DataFrame
        ``subtype, factor, low, high, paper_factor, censored``: the 95 % interval, NaN with fewer than
        `LEAST_TRAININGS` pairs of seed and fold; a factor below 1 is written as 0;
        `censored` names the ends, ``factor``, ``low`` and ``high``, that are the largest factor that could be seen.
    """
    rows = []
    for subtype, own in curve.dropna(subset="f1").groupby("subtype", sort=False):
        wide = own.pivot_table(index=["seed", "fold"], columns=["method", "fraction"], values="f1").dropna()
        fractions = np.array(sorted(own["fraction"].unique()))
        ours = wide[pretrained][fractions].to_numpy()
        goal = wide[scratch][fractions[-1]].to_numpy()
        rng = np.random.default_rng([seed, len(wide)])
        picked = rng.integers(len(wide), size=(draws, len(wide)))
        again = [saved_factor(fractions, ours[one].mean(axis=0), goal[one].mean()) for one in picked]
        low, high = np.quantile(again, [0.025, 0.975], method="nearest")
        if len(wide) < LEAST_TRAININGS:
            low = high = np.nan
        ends = {"factor": saved_factor(fractions, ours.mean(axis=0), goal.mean()), "low": low, "high": high}
        largest = " ".join(name for name, value in ends.items() if np.isclose(value, 1 / fractions[0]))
        rows.append({"subtype": subtype, **ends, "paper_factor": PAPER_FACTORS[subtype], "censored": largest})
    return pd.DataFrame(rows, columns=["subtype", "factor", "low", "high", "paper_factor", "censored"])


def saved_factor(fractions: np.ndarray, f1: np.ndarray, goal: float) -> float:
    """Returns one over the smallest of rising fractions [K] at which the curve of F1 [K] reaches the goal; else 0."""
    reached = np.flatnonzero(np.asarray(f1) >= goal)
    if not len(reached):
        return 0.0
    first = reached[0]
    if first == 0:
        return float(1 / fractions[0])
    rise = (goal - f1[first - 1]) / (f1[first] - f1[first - 1])
    return float(1 / (fractions[first - 1] + rise * (fractions[first] - fractions[first - 1])))


def _one_fit(fit: Fit, folder: Path, boxes: Boxes, known: dict[str, tuple[Start, str]]) -> dict:
    start, weights = known[fit.method]
    config = replace(start.config, seed=fit.seed)
    key = fingerprint(version=VERSION, boxes=boxes.patches.key, fold=boxes.fold, weights=weights,
                      config=config.method(), fit=vars(fit))  # fmt: skip
    return vars(fit) | kept(folder, key, key, lambda: _train_and_test(fit, start.encoder, config, boxes, folder, key))


def _train_and_test(fit: Fit, encoder: nn.Module, config: FinetuneConfig, boxes: Boxes, folder: Path, key: str) -> dict:
    rows, labels, sids = boxes.rows(fit.subtype), boxes.labels(), boxes.table["sid"].to_numpy()
    train, test = rows[boxes.fold[rows] != fit.fold], rows[boxes.fold[rows] == fit.fold]
    annotated = train[labels[train]]
    part = annotated[part_of_boxes(sids[annotated], fit.fraction, fit.seed)]
    train = np.concatenate([part, train[~labels[train]]])
    detector, _ = train_detector(boxes, train, encoder, config, {"key": key}, folder / f"{key}.state.pt")
    called = direct_probability(detector, boxes.patches, test) > THRESHOLD
    f1 = float(detection_scores(**box_outcomes(labels[test], called).sum())["F1"])
    return {"f1": None if np.isnan(f1) else f1, "boxes": len(part)}
