"""Six patches to ask for, and subjects to map, drawn by a rule that looks at no encoder."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drasclr_core.represent.local.measures import LocalMeasures

TOP = 95.0
"""Percentile from which on a patch has much of something, among those that have any."""
LEAST_SHOWN = 0.3
"""A patch is asked for only if so much of it lies in the lungs."""
WITH_TRUTH = {"centrilobular": 2, "paraseptal": 2, "healthy": 1, "look-alike": 1}
WITHOUT_TRUTH = {"high LAA-950": 2, "middling LAA-950": 2, "low LAA-950": 2}


class Query(NamedTuple):
    """A patch to ask for: which kind it was drawn as, and whose it is, at which landmark."""

    kind: str
    subject: int
    landmark: int


def query_rule(measures: LocalMeasures) -> str:
    """Returns the rule of `draw_queries` in words."""
    where = f"of patches with at least {100 * LEAST_SHOWN:.0f} % of their volume in the lungs, from different subjects"
    top = f"among the {100 - TOP:.0f} %"
    if measures.truth:
        return (f"Two patches are drawn {top} with the most true centrilobular emphysema (of those with any, and more "
                "of it than of paraseptal), two likewise for paraseptal, one among those without emphysema and "
                f"look-alikes, one {top} with the most look-alikes and no emphysema; {where}.")  # fmt: skip
    return (f"Two patches are drawn {top} with the highest LAA-950, two between its 45th and 55th percentile, two "
            f"{top} with the lowest; {where}.")  # fmt: skip


def draw_queries(measures: LocalMeasures, seed: int = 0) -> list[Query]:
    """Draws six patches by `query_rule`; of a kind with too few patches there are fewer.

    The same seed and measures give the same patches. A subject comes twice only where there is no other.
    """
    rng, drawn = np.random.default_rng(seed), []
    for kind, count in (WITH_TRUTH if measures.truth else WITHOUT_TRUTH).items():
        left = _candidates(measures, kind)
        for _ in range(count):
            candidates = np.argwhere(left)
            others = candidates[~np.isin(candidates[:, 0], [query.subject for query in drawn])]
            if len(candidates):
                subject, landmark = rng.choice(others if len(others) else candidates)
                left[subject, landmark] = False
                drawn.append(Query(kind, int(subject), int(landmark)))
    return drawn


def draw_subjects(measures: LocalMeasures, count: int, seed: int = 0) -> tuple[list[int], int]:
    """Draws subjects to map: `count` ill ones of the third with the most emphysema, one of the third with the least.

    Emphysema is the mean over the landmarks of its true share, for scans of people of LAA-950.

    Returns
    -------
    list of int, int
        The ill, fewer in a small cohort, and the one with little.
    """
    extent = measures.truth["emphysema"] if measures.truth else measures.laa950
    order = np.argsort(np.where(measures.known, extent, 0).sum(axis=1) / np.maximum(measures.known.sum(axis=1), 1))
    third, rng = max(1, len(order) // 3), np.random.default_rng(seed)
    ill = rng.permutation(order[-third:])[:count]
    return [int(subject) for subject in ill], int(rng.choice(order[:third]))


def _candidates(measures: LocalMeasures, kind: str) -> np.ndarray:
    shown, truth = measures.known & (measures.lung >= LEAST_SHOWN), measures.truth
    if kind in ("centrilobular", "paraseptal"):
        other = truth["paraseptal" if kind == "centrilobular" else "centrilobular"]
        return _much(truth[kind], shown) & (truth[kind] > other)
    if kind == "healthy":
        return shown & (truth["emphysema"] == 0) & (truth["lookalike"] == 0)
    if kind == "look-alike":
        return _much(truth["lookalike"], shown & (truth["emphysema"] == 0))
    ends = {"high LAA-950": (TOP, 100), "middling LAA-950": (45, 55), "low LAA-950": (0, 100 - TOP)}[kind]
    low, high = np.percentile(measures.laa950[shown], ends)
    return shown & (measures.laa950 >= low) & (measures.laa950 <= high)


def _much(share: np.ndarray, within: np.ndarray) -> np.ndarray:
    there = within & (share > 0)
    return there & (share >= np.percentile(share[there], TOP)) if there.any() else there
