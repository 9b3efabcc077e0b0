"""How well boxes are detected: F1, precision, recall, with bootstrap over subjects (paper, Table 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, precision_recall_curve

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.boxes.healthy import HEALTHY
from drasclr_core.detect.scoring.voxels import THRESHOLD, box_is_positive
from drasclr_core.evaluate.statistics.resampling import draw_table, resample_counts

DETECTION_METRICS = ("F1", "precision", "recall")
ACCURACY = "accuracy"
"""Per cent of the boxes that are called right, the measure of Table 7; the others, of Table 5, are fractions."""
BOX_RULES = {"voxels": "a quarter of the voxels", "direct": "the patch itself"}


def predictions(boxes: Boxes, test: np.ndarray, subtype: str, fold: int, method: str,
                probability: np.ndarray | float, share: np.ndarray | float) -> pd.DataFrame:  # fmt: skip
    """Returns the rows of one fold in a table of predictions (see `cross_validate_detectors`)."""
    kind = boxes.patches.table["subtype"].to_numpy()[test]
    return pd.DataFrame({"method": method, "task": subtype.capitalize(), "fold": fold, "box": test,
                         "sid": boxes.patches.table["sid"].to_numpy()[test], "kind": kind, "true": kind == subtype,
                         "probability": probability, "share": share})  # fmt: skip


def against_healthy(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns the predictions of annotated and healthy boxes: what Table 5 is about."""
    return predictions[predictions["true"] | predictions["kind"].eq(HEALTHY)]


def against_other(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns the predictions of annotated boxes: those of the subtype, and those of the other one as negatives."""
    return predictions[predictions["kind"] != HEALTHY]


def detection_scores(hit: np.ndarray, false: np.ndarray, missed: np.ndarray, spared: np.ndarray
                     ) -> dict[str, np.ndarray]:  # fmt: skip
    """Computes `DETECTION_METRICS` and `ACCURACY` from counts of the `box_outcomes` (same shapes).

    Where nothing was called positive there is no false alarm to speak of and no hit either: precision is 0 then, as F1
    is. Where there is nothing to find, F1, precision and recall are NaN; without any box, accuracy is.
    """
    hit, false, missed, spared = (np.asarray(counts, dtype=float) for counts in (hit, false, missed, spared))
    there, called = hit + missed, hit + false
    nowhere = there == 0
    scores = {
        "F1": 2 * hit / np.where(nowhere, 1, there + called),
        "precision": hit / np.where(called == 0, 1, called),
        "recall": hit / np.where(nowhere, 1, there),
    }
    scores = {name: np.where(nowhere, np.nan, values) for name, values in scores.items()}
    every = hit + false + missed + spared
    return scores | {ACCURACY: np.where(every == 0, np.nan, 100 * (hit + spared) / np.where(every == 0, 1, every))}


def box_outcomes(true: np.ndarray, called: np.ndarray) -> pd.DataFrame:
    """Returns which boxes are ``hit, false, missed, spared`` (bool [N] each, whose sums `detection_scores` takes)."""
    return pd.DataFrame({"hit": true & called, "false": ~true & called, "missed": true & ~called,
                         "spared": ~true & ~called})  # fmt: skip


def decide(predictions: pd.DataFrame, rule: str) -> np.ndarray:
    """Returns bool [N], which boxes a rule calls positive: ``voxels`` (the paper's) or ``direct``.

    The predictions have the ``probability`` of the box's own patch and the ``share`` of its voxels above 0.5, which is
    NaN for a method that has no voxels and is then judged directly.
    """
    if rule not in BOX_RULES:
        raise ValueError(f"There is no rule {rule!r}: choose one of {', '.join(BOX_RULES)}.")
    direct = predictions["probability"].to_numpy() > THRESHOLD
    if rule == "direct":
        return direct
    share = predictions["share"].to_numpy()
    return np.where(np.isnan(share), direct, box_is_positive(np.nan_to_num(share)))


def fold_scores(predictions: pd.DataFrame, rule: str, metrics: Sequence[str] = DETECTION_METRICS) -> pd.DataFrame:
    """Computes scores by method, task and fold: the columns of `evaluate.result_files.read_scores`, and ``boxes``.

    Parameters
    ----------
    predictions : DataFrame
        ``method, task, fold, sid, true, probability, share``, each box once per method and task, of the subtype and
        healthy ones (`against_healthy`).
    rule : str
        See `decide`.
    metrics : sequence of str
        Those of `detection_scores` that are wanted.

    Returns
    -------
    DataFrame
        ``method, task, metric, repeat, fold, value, n_train, n_test, boxes``; n are subjects, boxes those tested.
    """
    rows = []
    for (method, task), own in predictions.groupby(["method", "task"], sort=False):
        everybody = own["sid"].nunique()
        for fold, part in own.groupby("fold"):
            values = detection_scores(**box_outcomes(part["true"].to_numpy(bool), decide(part, rule)).sum())
            tested = part["sid"].nunique()
            rows += [{"method": method, "task": task, "metric": metric, "repeat": 0, "fold": fold,
                      "value": float(values[metric]), "n_train": everybody - tested, "n_test": tested,
                      "boxes": len(part)} for metric in metrics]  # fmt: skip
    return pd.DataFrame(rows)


def detection_draws(predictions: pd.DataFrame, rule: str, draws: int = 1000, seed: int = 0,
                    metrics: Sequence[str] = DETECTION_METRICS) -> pd.DataFrame:  # fmt: skip
    """Draws a bootstrap over subjects of the scores of all boxes together, all methods on the same draws.

    Predictions, rule and metrics are as in `fold_scores`. Returns ``method, task, metric, draw, value``; draw -1 is the
    sample itself.
    """
    parts = []
    for task, here in predictions.groupby("task", sort=False):
        subjects = np.unique(here["sid"])
        times = resample_counts(len(subjects), draws, seed)
        for method, own in here.groupby("method", sort=False):
            counts = box_outcomes(own["true"].to_numpy(bool), decide(own, rule))
            counts = counts.groupby(own["sid"].to_numpy()).sum().reindex(subjects, fill_value=0)
            values = detection_scores(*(times @ counts.to_numpy(int)).T)
            parts += [draw_table(method, task, metric, values[metric]) for metric in metrics]
    return pd.concat(parts, ignore_index=True)


def precision_recall(predictions: pd.DataFrame) -> pd.DataFrame:
    """Computes precision and recall at every threshold of the probability, the boxes of all folds together.

    Each fold's boxes were seen by a model of their own, whose probabilities need not mean the same: a reason why the
    curve may lie lower than that of one model. Returns ``method, task, recall, precision, average_precision`` in the
    order of rising recall.
    """
    parts = []
    for (method, task), own in predictions.groupby(["method", "task"], sort=False):
        precision, recall, _ = precision_recall_curve(own["true"], own["probability"])
        area = average_precision_score(own["true"], own["probability"])
        parts.append(pd.DataFrame({"method": method, "task": task, "recall": recall[::-1],
                                   "precision": precision[::-1], "average_precision": area}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)
