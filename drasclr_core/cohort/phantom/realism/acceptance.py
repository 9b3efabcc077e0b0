"""Do the phantoms look like people? Every quantity beside its published value, with its interval: pass or fail.

The generator was frozen on this table before any method's score was looked at; methods cannot make it pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import cohen_kappa_score

from drasclr_core.cohort.phantom.labels.scores import centrilobular_score

VISUAL_EXTENT_PCT = (0, 0.8, 3.0, 8.5, 18.0, 30.0)
"""Extent of emphysema that each visual grade stands for, % of the lung: the middle of its range (see `scores`)."""
EMPHYSEMA_PCT = 5.0
"""LAA-950 from which a scan counts as emphysema in numbers (Amaza et al., Int J COPD 2021)."""

_SECOND_READER = 7011


@cache
def published() -> pd.DataFrame:
    """Returns the published values: ``key, quantity, unit, published, low, high, reference``.

    A quantity passes between ``low`` and ``high``: two standard deviations of the study where it gives them, else its
    range or a stated margin for differences between cohorts.
    """
    return pd.read_csv(Path(__file__).with_name("published.csv"), dtype={"published": str}, keep_default_na=False,
                       na_values={"low": [""], "high": [""]})  # fmt: skip


def _healthy(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["GOLD"] == 0) & (table["CLE"] == 0) & (table["paraseptal"] == 0)]


def _men_women(table: pd.DataFrame) -> float:
    by_sex = _healthy(table).groupby("sex")["laa950_pct"].mean()
    return by_sex.get("male", np.nan) - by_sex.get("female", np.nan)


def _explained(table: pd.DataFrame) -> float:
    causes, ratio = table[["laa950_pct", "gas_trapping_pct", "Pi10_mm"]], table["FEV1_FVC"]
    return LinearRegression().fit(causes, ratio).score(causes, ratio)


def _agree(table: pd.DataFrame) -> float:
    visible = (table["CLE"] > 1) | (table["paraseptal"] > 1)  # beyond trace
    return 100 * float((visible == (table["laa950_pct"] >= EMPHYSEMA_PCT)).mean())


def _readers(table: pd.DataFrame) -> float:
    if table["CLE"].nunique() < 2:
        return np.nan
    return cohen_kappa_score(table["CLE"], table["second_CLE"], weights="linear", labels=range(6))


def _clusters(table: pd.DataFrame) -> float:
    return table.loc[table["GOLD"] > 0, "cluster_exponent"].mean() - _healthy(table)["cluster_exponent"].mean()


QUANTITIES: dict[str, Callable[[pd.DataFrame], float]] = {
    "laa_healthy_mean": lambda table: _healthy(table)["laa950_pct"].mean(),
    "laa_healthy_sd": lambda table: _healthy(table)["laa950_pct"].std(),
    "laa_healthy_median": lambda table: _healthy(table)["laa950_pct"].median(),
    "laa_men_women": _men_women,
    "r_laa_fev1": lambda table: table["laa950_pct"].corr(table["FEV1pp"]),
    "r_laa_ratio": lambda table: table["laa950_pct"].corr(table["FEV1_FVC"]),
    "r2_ct_ratio": _explained,
    "agreement_visual": _agree,
    "r_laa_visual": lambda table: table["laa950_pct"].corr(table["CLE"].map(dict(enumerate(VISUAL_EXTENT_PCT)))),
    "r_visual_fev1": lambda table: table["CLE"].corr(table["FEV1pp"]),
    "r_visual_ratio": lambda table: table["CLE"].corr(table["FEV1_FVC"]),
    "kappa_readers": _readers,
    "laa_kernel": lambda table: table["laa_kernel"].mean(),
    "perc15_unobstructed": lambda table: table.loc[table["GOLD"] == 0, "perc15_hu"].mean(),
    "volume_mean": lambda table: table["volume_l"].mean(),
    "volume_sd": lambda table: table["volume_l"].std(),
    **{f"share_{name}": (lambda table, name=name: table[f"share_{name}"].mean())
       for name in ("right", "rul", "rml", "rll", "lul", "lll")},
    "trachea_men": lambda table: table.loc[table["sex"] == "male", "trachea_mm2"].mean(),
    "trachea_women": lambda table: table.loc[table["sex"] == "female", "trachea_mm2"].mean(),
    "cluster_exponent": _clusters,
    "wall_area": lambda table: table["wall_area_pct"].mean(),
}  # fmt: skip
"""How each published quantity is computed from a table with one row per subject (clinical columns and measures)."""


def second_reading(row: pd.Series, number: int) -> int:
    """Returns what a second reader says of a phantom's centrilobular emphysema, given its true fractions."""
    rng = np.random.default_rng(np.random.SeedSequence((number, _SECOND_READER)))
    return centrilobular_score({name: row[name] for name in ("centrilobular", "panlobular")}, rng)


def acceptance_table(subjects: pd.DataFrame, n_bootstraps: int = 400, seed: int = 0) -> pd.DataFrame:
    """Returns every published quantity beside that of a cohort of phantoms.

    Parameters
    ----------
    subjects : DataFrame
        One row per subject: the clinical columns, what `scan_measures.measure_phantom` returns (with ``second_CLE``),
        and ``laa_kernel`` (NaN where not measured).
    n_bootstraps : int
        Draws of subjects for the 95 % percentile interval.

    Returns
    -------
    DataFrame
        ``quantity, unit, published, reference, accept_low, accept_high, ours, low, high, n, passed``; ``passed`` is
        whether `ours` lies in the accepted range, and missing where a cohort cannot say (no healthy subject, one sex).
    """
    rng = np.random.default_rng(seed)
    draws = [subjects.iloc[rng.integers(len(subjects), size=len(subjects))] for _ in range(n_bootstraps)]
    rows = []
    for row in published().itertuples():
        quantity = QUANTITIES[row.key]
        ours = float(quantity(subjects))
        again = np.array([quantity(draw) for draw in draws], float)
        again = again[np.isfinite(again)]
        low, high = np.quantile(again, (0.025, 0.975)) if len(again) > n_bootstraps / 2 else (np.nan, np.nan)
        passed = row.low <= ours <= row.high if np.isfinite(ours) else None
        rows.append({"quantity": row.quantity, "unit": row.unit, "published": row.published, "reference": row.reference,
                     "accept_low": row.low, "accept_high": row.high, "ours": ours, "low": low, "high": high,
                     "n": len(subjects), "passed": passed})  # fmt: skip
    return pd.DataFrame(rows)
