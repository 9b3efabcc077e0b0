"""FROC and the competition performance metric (CPM): how nodule detection is judged (LUNA16; Setio et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from drasclr_core.cohort.images.hits import nearest_hit

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives per scan at which the CPM reads the sensitivity."""


class Froc(NamedTuple):
    """A free-response curve: for falling thresholds, `false_positives` per scan [T] and `sensitivity` [T], 0 to 1."""

    threshold: np.ndarray
    false_positives: np.ndarray
    sensitivity: np.ndarray


def matched(nodules: pd.DataFrame, candidates: pd.DataFrame, excluded: pd.DataFrame | None = None) -> np.ndarray:
    """Returns for each candidate the row of the nodule it hits, -1 for a false positive, -2 where it does not count.

    A candidate hits a nodule where it lies nearer to its centre than its radius; of several, the nearest. It does not
    count where it hits an `excluded` finding only (of unknown diameter: within 5 mm, as LUNA16 has it).

    Parameters
    ----------
    nodules, excluded : DataFrame
        ``sid, x, y, z, diameter_mm`` (mm).
    candidates : DataFrame
        ``sid, x, y, z`` (mm).
    """
    hit = _hits(candidates, nodules)
    if excluded is not None and len(excluded):
        excluded = excluded.assign(diameter_mm=excluded["diameter_mm"].fillna(10.0))
        hit[(hit < 0) & (_hits(candidates, excluded) >= 0)] = -2
    return hit


def froc(
    nodules: pd.DataFrame,
    candidates: pd.DataFrame,
    scores: Sequence[float] | np.ndarray,
    scans: Sequence[str],
    excluded: pd.DataFrame | None = None,
) -> Froc:
    """Returns the free-response curve of scored candidates.

    A nodule is found at a threshold that the highest score among its hits reaches; further hits of it are neither hits
    nor false positives. A nodule without any candidate is never found.

    Parameters
    ----------
    nodules, candidates, excluded : DataFrame
        See `matched`.
    scores : float [N]
        Of the candidates; higher is more like a nodule.
    scans : sequence of str
        All scans that were looked at, also those without nodules and candidates.

    Raises
    ------
    ValueError
        There are no nodules or no scans, scores are missing or not finite, or a table names a scan that is not one.
    """
    scores = np.asarray(scores, dtype=float)
    _check(nodules, candidates, scores, scans)
    hit = matched(nodules, candidates, excluded)
    best = np.full(len(nodules), -np.inf)
    np.maximum.at(best, hit[hit >= 0], scores[hit >= 0])
    false = np.sort(scores[hit == -1])
    thresholds = np.concatenate([[np.inf], np.unique(np.concatenate([best[np.isfinite(best)], false]))[::-1]])
    found = np.array([np.count_nonzero(best >= threshold) for threshold in thresholds])
    alarms = len(false) - np.searchsorted(false, thresholds, side="left")
    return Froc(thresholds, alarms / len(set(scans)), found / len(nodules))


def sensitivity_at(curve: Froc, rates: Sequence[float] = RATES) -> np.ndarray:
    """Returns the sensitivity of a `curve` at `rates` of false positives per scan [R].

    It is linear between points and constant after the last.
    """
    last = np.append(np.diff(curve.false_positives) > 0, True)  # of points above each other the highest
    return np.interp(rates, curve.false_positives[last], curve.sensitivity[last])


def competition_metric(curve: Froc) -> float:
    """Returns the CPM of a `curve`, LUNA16's score: the mean sensitivity at the false positives of `RATES`."""
    return float(sensitivity_at(curve).mean())


def _hits(candidates: pd.DataFrame, findings: pd.DataFrame) -> np.ndarray:
    """`nearest_hit` of every scan, as rows of all findings."""
    hit = np.full(len(candidates), -1)
    for sid, rows in candidates.groupby("sid").indices.items():
        own = np.flatnonzero(findings["sid"] == sid)
        found = nearest_hit(candidates.iloc[rows], findings.iloc[own])
        hit[rows] = np.where(found >= 0, np.append(own, -1)[found], -1)
    return hit


def _check(nodules: pd.DataFrame, candidates: pd.DataFrame, scores: np.ndarray, scans: Sequence[str]) -> None:
    if not len(nodules) or not len(scans):
        raise ValueError(f"{len(nodules)} nodules in {len(scans)} scans: a curve needs at least one of each")
    if scores.shape != (len(candidates),) or not np.isfinite(scores).all():
        raise ValueError(f"{scores.size} scores of {len(candidates)} candidates: give one finite number for each")
    for table, what in ((nodules, "nodules"), (candidates, "candidates")):
        strange = sorted(set(table["sid"]) - set(scans))
        if strange:
            raise ValueError(f"{what} of {strange[0]}, which is not among the {len(scans)} scans: name every scan")
