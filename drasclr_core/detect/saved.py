"""The factor of annotation saved: how many times fewer boxes a pretrained detector needs to match one from scratch."""

from __future__ import annotations

import numpy as np
import pandas as pd

PAPER_FACTORS = {"centrilobular": 2.0, "paraseptal": 5.0}
"""Section 4.3.2: half, and a fifth, of the boxes reach what all boxes reach from scratch."""

LEAST_TRAININGS = 5
"""An interval from fewer pairs of seed and fold would look certain because there is little to draw from."""


def saved_annotation(curve: pd.DataFrame, pretrained: str, scratch: str, draws: int = 1000, seed: int = 0
                     ) -> pd.DataFrame:  # fmt: skip
    """The factor of annotation saved, with a bootstrap interval over trainings.

    The mean F1 from scratch with all boxes is the goal. The factor is one over the smallest share of the boxes with
    which the mean F1 of the pretrained detector reaches it, on the straight lines between the measured shares. Reached
    with the smallest measured share, it is at least that factor; never reached, it is below 1: both ends are censored.

    Parameters
    ----------
    curve : DataFrame
        ``method, subtype, fraction, seed, fold, f1``, as from `efficiency.annotation_curve`.
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
    """One over the smallest fraction at which the curve of F1 reaches the goal; 0 where it never does.

    Parameters
    ----------
    fractions : float [K]
        Rising.
    f1 : float [K]
    goal : float
    """
    reached = np.flatnonzero(np.asarray(f1) >= goal)
    if not len(reached):
        return 0.0
    first = reached[0]
    if first == 0:
        return float(1 / fractions[0])
    rise = (goal - f1[first - 1]) / (f1[first] - f1[first - 1])
    return float(1 / (fractions[first - 1] + rise * (fractions[first] - fractions[first - 1])))
