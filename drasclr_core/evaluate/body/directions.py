"""In how many directions subjects differ, and how much of that is one number: the mean density of their lungs.

Features that follow one number bend, so that subjects along it stay apart: they form a horseshoe (Diaconis, Goel and
Holmes 2008), or a ring where it spreads farther round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from drasclr_core.evaluate.features import by_subject
from drasclr_core.methods import row_of
from drasclr_core.pretrain.probe import probe_score

LEAST_FEATURES = 3
KNOTS, FOLDS = 5, 5


class Directions(NamedTuple):
    """What `directions_of` returns.

    Attributes
    ----------
    rank : float
        Participation ratio of the variances along the principal axes: 1 where subjects differ in one direction, the
        number of features where they differ in all alike.
    two : float
        Share of the variance in the first two directions.
    density : float
        Share of the variance that a cubic spline of the mean density (`KNOTS`, constant beyond the last) predicts in
        subjects on whom it was not fitted; below 0 where it predicts worse than the mean.
    span : float
        Degrees that the subjects take of the circle that fits them best in the first two directions: a line is below
        90, a horseshoe about 270, a closed ring near 360.
    linear : float
        R2 of a ridge readout of the mean density from all features, on subjects on whom it was not fitted.
    along : float
        Rank correlation, without its sign, of the place along that circle with the mean density.
    points : float [N, 2]
        Subjects in the first two directions.
    """

    rank: float
    two: float
    density: float
    span: float
    linear: float
    along: float
    points: np.ndarray


def effective_rank(features: np.ndarray) -> float:
    """Returns the participation ratio of the variances of `features` [N, D] along their principal axes.

    It says how many directions subjects differ in: 1 where they lie on a line, D where they differ in all alike.
    """
    variances = np.linalg.eigvalsh(np.cov(features.T))
    return float(variances.sum() ** 2 / np.square(variances).sum())


def directions_of(features: np.ndarray, density: np.ndarray) -> Directions:
    """Returns in which directions subjects differ, and what that has to do with the mean density of their lungs.

    Parameters
    ----------
    features : float [N, D]
        As they are, not standardised: what is large counts for much, as in the distance between two subjects.
    density : float [N]
        Mean HU.

    Raises
    ------
    ValueError
        Fewer than `LEAST_FEATURES` features that differ between subjects, or too few subjects for the folds.
    """
    centred = features[:, np.ptp(features, axis=0) > 0].astype(float)
    if centred.shape[1] < LEAST_FEATURES:
        raise ValueError(f"{centred.shape[1]} features differ between subjects: at least {LEAST_FEATURES} are needed.")
    if len(centred) < 2 * FOLDS:
        raise ValueError(f"{len(centred)} subjects: at least {2 * FOLDS} are needed.")
    centred -= centred.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    variances, points = scale**2, left[:, :2] * scale[:2]
    place, span = _along_circle(points)
    # A polynomial, which knows no bounds, misses the densest subject of a small cohort by hundreds of per cent.
    model = make_pipeline(SplineTransformer(KNOTS, knots="quantile", extrapolation="constant"), Ridge(0.01))
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    missed = centred - cross_val_predict(model, np.asarray(density, dtype=float)[:, None], centred, cv=folds)
    return Directions(
        rank=effective_rank(centred),
        two=float(variances[:2].sum() / variances.sum()),
        density=float(1 - np.square(missed).sum() / np.square(centred).sum()),
        span=span,
        linear=probe_score(centred, np.asarray(density, dtype=float), seed=0),
        along=float(abs(stats.spearmanr(place, density).statistic)),
        points=points,
    )


def directions_table(features: Mapping[str, pd.DataFrame], density: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns `directions_of` all methods with enough features, of the subjects whose mean density is known.

    Parameters
    ----------
    features : mapping of str to DataFrame
        Method -> ``sid`` and a column for each feature (`read_features`).
    density : DataFrame
        ``sid`` and one column, mean HU (`read_features` of ``lung_density``).

    Returns
    -------
    (DataFrame, DataFrame)
        ``method, features, rank, two, density, span, linear, along``; and the points, ``method, first, second,
        mean_hu``, of subjects in the order of their density, which does not say who they are.
    """
    known, rows, places = by_subject(density, "lung_density").iloc[:, 0], [], []
    for method, table in features.items():
        own = by_subject(table, method)
        own = own.loc[own.index.intersection(known.index)]
        own = own.loc[known.loc[own.index].sort_values(kind="stable").index]
        try:
            found = directions_of(own.to_numpy(), known.loc[own.index].to_numpy())
        except ValueError:
            continue
        rows.append((method, own.shape[1], *found[:-1]))
        points = pd.DataFrame(found.points, columns=["first", "second"])
        places.append(points.assign(method=method, mean_hu=known.loc[own.index].to_numpy()))
    table = pd.DataFrame(rows, columns=["method", "features", *Directions._fields[:-1]])
    columns = ["method", "first", "second", "mean_hu"]
    return table, pd.concat(places, ignore_index=True)[columns] if places else pd.DataFrame(columns=columns)


def density_answer(table: pd.DataFrame, closely: str) -> str:
    """Returns in Markdown how much of the differences between subjects, in features of `closely`, follows density.

    `table` is of `directions_table`; empty where that method has too few features.
    """
    own = table.set_index("method")
    if closely not in own.index:
        return ""
    row, learnt = own.loc[closely], own[[row_of(name).is_method for name in own.index]]
    most = learnt["density"].rank(ascending=False).loc[closely]
    return (
        f"**Of all differences between subjects in the {row['features']:.0f} features of {row_of(closely).name}, "
        f"{100 * row['density']:.0f} % follow one number, the mean density of their lungs**: {100 * row['two']:.0f} % "
        f"lie in two directions, in which subjects take {row['span']:.0f} degrees of a circle, ordered by density "
        f"(rank correlation {row['along']:.2f}). Read linearly from all features, density has an R² of "
        f"{row['linear']:.2f}. It is number {most:.0f} of {len(learnt)} methods in how much follows "
        "density."
    )


def _along_circle(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns the angle of each of points [N, 2] along the circle that fits them best (Kasa 1976), from the end of the
    widest gap on, and the degrees without that gap."""
    fit = np.linalg.lstsq(np.column_stack([2 * points, np.ones(len(points))]), np.square(points).sum(axis=1))[0]
    angle = np.arctan2(*(points - fit[:2]).T[::-1])
    turn = np.sort(angle)
    gaps = np.diff(turn, append=turn[0] + 2 * np.pi)
    widest = int(gaps.argmax())
    return (angle - turn[(widest + 1) % len(turn)]) % (2 * np.pi), float(np.degrees(2 * np.pi - gaps[widest]))
