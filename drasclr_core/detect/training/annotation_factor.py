"""How many annotated boxes pretraining saves: the ratio of boxes at equal F1, with an interval and a test of no gain.

Both learning curves are fitted by isotonic regression (Barlow et al. 1972), since more boxes do not make a learner
worse. At every F1 that both fits reach, the boxes that either needs are read off; the mean of the logarithms of their
ratio is the factor. Exchanging the two learners turns it into its inverse, so a learner against itself has a factor of
1 on average, whatever the shape of its curve and the noise on it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import isotonic_regression

PAPER_FACTORS = {"centrilobular": 2.0, "paraseptal": 5.0}
"""Section 4.3.2: half, and a fifth, of the boxes reach what all boxes reach from scratch."""
LEAST_FOLDS = 3
"""From fewer tested folds there is no interval."""
LEAST_PAIRS = 6
"""Fewer pairs of seed and fold have too few exchanges for a one-sided p of 0.025 or below: 2^-5 is 0.031."""
COLUMNS = ["subtype", "factor", "low", "high", "p", "largest", "censored", "pairs", "paper_factor"]
_LEVELS = (np.arange(50) + 0.5) / 50
_SLIGHT = 1e-6


def saved_annotation(
    curve: pd.DataFrame, pretrained: str, scratch: str, exchanges: int = 1999, seed: int = 0
) -> pd.DataFrame:
    """Returns the factor of annotation saved by pretraining, one row per subtype.

    Parameters
    ----------
    curve : DataFrame
        ``method, subtype, fraction, seed, fold, f1, boxes``, from `annotation_curve`.
    pretrained, scratch : str
        Methods.
    exchanges, seed : int
        Of the test: at most so many random exchanges; all there are, where these are no more.

    Returns
    -------
    DataFrame
        ``factor``, boxes from scratch for one box after pretraining (see `log_factor`); ``low, high``, its 95 %
        interval, a jackknife over tested folds with Student's t, NaN below `LEAST_FOLDS` of them; ``p``, one-sided, the
        share of exchanges of the two methods within pairs of seed and fold that give as large a factor (of equal ones,
        as large a gain in F1); ``largest``, the ratio of most to fewest boxes: only what lies between 1 / largest and
        largest can be seen; ``censored``, which of factor, low and high lie at an end of that; ``pairs``, of seed and
        fold; ``paper_factor``. NaN where no pair of seed and fold has all its trainings.
    """
    rows = []
    for subtype, own in curve.dropna(subset="f1").groupby("subtype", sort=False):
        boxes = own.groupby("fraction")["boxes"].mean()
        wide = own.pivot(index=["fold", "seed"], columns=["method", "fraction"], values="f1")
        wide = wide.reindex(columns=pd.MultiIndex.from_product([(scratch, pretrained), boxes.index])).dropna()
        curves = np.stack([wide[method].to_numpy() for method in (scratch, pretrained)])
        about = {"subtype": subtype, "censored": "", "pairs": len(wide), "paper_factor": PAPER_FACTORS[subtype]}
        about["largest"] = boxes.iloc[-1] / boxes.iloc[0]
        if len(wide):
            about |= _factor(np.log(boxes.to_numpy()), curves, wide.index.get_level_values("fold").to_numpy(),
                             np.random.default_rng([seed, len(wide)]), exchanges)  # fmt: skip
        rows.append(about)
    return pd.DataFrame(rows, columns=COLUMNS)


def log_factor(log_boxes: np.ndarray, scratch: np.ndarray, pretrained: np.ndarray) -> float:
    """Returns the mean logarithm of the ratio of boxes, scratch over pretrained, at equal F1.

    The mean is over the levels of F1 that both isotonic fits reach, read off on straight lines in the logarithm of the
    boxes. Where every level of one learner lies above all of the other, it is the largest that could be seen, log of
    most over fewest boxes, with the sign of who is ahead.

    Parameters
    ----------
    log_boxes : [K]
        Rising.
    scratch, pretrained : [K]
        Mean F1 with so many boxes.
    """
    first, second = (isotonic_regression(f1).x for f1 in (scratch, pretrained))
    low, high = max(first[0], second[0]), min(first[-1], second[-1])
    if high <= low:
        ahead = float(second[0] >= first[-1]) - float(first[0] >= second[-1])
        return ahead * float(log_boxes[-1] - log_boxes[0])
    levels = low + (high - low) * _LEVELS
    return float(np.mean(np.interp(levels, first, log_boxes) - np.interp(levels, second, log_boxes)))


def _factor(
    log_boxes: np.ndarray, curves: np.ndarray, fold: np.ndarray, rng: np.random.Generator, exchanges: int
) -> dict:
    """Factor, interval, p and what is censored, from F1 [2, pairs, K] of scratch and pretrained."""

    def of(some: np.ndarray) -> float:
        return log_factor(log_boxes, *some.mean(axis=1))

    most, found = log_boxes[-1] - log_boxes[0], of(curves)
    reach = _jackknife(np.array([of(curves[:, fold != one]) for one in np.unique(fold)]))
    ends = {"factor": found, "low": max(found - reach, -most), "high": min(found + reach, most)}
    ends |= dict.fromkeys(("low", "high"), np.nan) if np.isnan(reach) else {}
    # What could not be seen is the same number for small and large gains: those are told apart by the gain in F1.
    swapped = [np.where(one[:, None], curves[::-1], curves) for one in _exchanges(curves.shape[1], exchanges, rng)]
    scores = np.array([of(one) + _SLIGHT * (one[1] - one[0]).mean() for one in swapped])
    at_end = [name for name, value in ends.items() if abs(value) > most - 1e-9]
    return {
        **{name: np.exp(value) for name, value in ends.items()},
        "p": float(np.mean(scores >= scores[0] - 1e-12)),
        "censored": " ".join(at_end),
    }


def _jackknife(left_out: np.ndarray) -> float:
    """Half the width of the 95 % interval, from the estimate without each of the folds; NaN for too few of them.

    Folds and not trainings are left out, because a fold's subjects may suit one of the learners with every seed.
    """
    count = len(left_out)
    if count < LEAST_FOLDS:
        return float("nan")
    error = np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum())
    return float(stats.t.ppf(0.975, count - 1) * error)


def _exchanges(pairs: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Which pairs of seed and fold exchange their methods, bool [M, pairs]; the first row exchanges none."""
    if 2**pairs <= most:
        return (np.arange(2**pairs)[:, None] >> np.arange(pairs)) % 2 == 1
    return np.vstack([np.zeros((1, pairs), bool), rng.random((most, pairs)) < 0.5])
