"""The feature table of a method, whatever made it: a learned encoder, or a measurement of the lungs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from drasclr_core.anatomy.quality import quality_table
from drasclr_core.cohort.text_table import read_table
from drasclr_core.methods import in_order
from drasclr_core.run import Run

IN_SUBJECTS = {"laa950": "LAA950_pct"}
"""Methods whose feature is a measured column of the subject table."""
IN_LUNGS = {"lung_density": "mean_hu"}
"""Methods whose feature was measured when the lungs were found (notebook 02)."""


def read_features(run: Run, subjects: pd.DataFrame, method: str) -> pd.DataFrame:
    """Returns the features of the subjects that have them: ``sid`` and one column per feature.

    Parameters
    ----------
    run : Run
    subjects : DataFrame
        The subject table.
    method : str
        ``laa950`` (per cent of lung voxels below -950 HU, one number per subject), ``lung_density`` (mean HU of the
        lungs), or the name of a folder under ``features/`` of the cohort, whose ``image.parquet`` or ``image.csv`` has
        ``sid`` and one column per feature.

    Raises
    ------
    KeyError
        The subject table has no such measurement.
    FileNotFoundError
        The features have not been computed.
    """
    if method in IN_SUBJECTS:
        if IN_SUBJECTS[method] not in subjects:
            raise KeyError(
                f"the subject table has no column {IN_SUBJECTS[method]!r}: add it, or take {method!r} off `methods`"
            )
        return subjects[["sid", IN_SUBJECTS[method]]].dropna()
    if method in IN_LUNGS:
        found = quality_table(run).reindex(columns=["sid", IN_LUNGS[method]]).dropna()
        if found.empty:
            raise FileNotFoundError(
                f"method {method!r}: no lungs of cohort {run.cohort_name!r} yet. Run notebook 02_lungs."
            )
        return found
    path = run.features(method) / "image.parquet"
    if path.exists():
        return pd.read_parquet(path)
    if path.with_suffix(".csv").exists():
        return read_table(path.with_suffix(".csv"), {"sid": str})
    raise FileNotFoundError(
        f"features/{method}/image.parquet: no features of method {method!r} in cohort {run.cohort_name!r} of run "
        f"{run.name!r}. Run notebook 07_features, or put a table with a `sid` column there."
    )


def methods_with_features(run: Run, measured: Sequence[str] = ()) -> list[str]:
    """Returns the methods of a `run` with a features folder, and `measured` ones, in the order of the book's rows."""
    folders = {path.parent.name for path in run.features("").glob("*/image.*") if path.suffix in (".parquet", ".csv")}
    return in_order({*measured, *folders})


def found_features(
    run: Run, subjects: pd.DataFrame, methods: Sequence[str], closely: str = ""
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Returns the features of the methods that have been computed, and why the others are missing.

    `run`, `subjects` and `methods` are as in `read_features`; both results are by method, in the order of `methods`.
    The method `closely` must not be missing; empty for none.

    Raises
    ------
    FileNotFoundError
        No method has features, or `closely` has none.
    """
    features, missing = {}, {}
    for method in methods:
        try:
            features[method] = read_features(run, subjects, method)
        except (FileNotFoundError, KeyError) as error:
            missing[method] = str(error.args[0])
    if closely and closely not in features:
        named = ", ".join(methods)
        raise FileNotFoundError(
            missing.get(closely, f"method {closely!r} is looked at closely and is none of the methods: {named}")
        )
    if not features:
        raise FileNotFoundError(" ".join(missing.values()) or "no method was named: give at least one")
    return features, missing


def by_subject(features: pd.DataFrame, method: str) -> pd.DataFrame:
    """Returns `features` as numbers, indexed and sorted by ``sid``; `method` is their name in messages.

    Raises
    ------
    ValueError
        There is no ``sid``, a subject is listed twice, or a feature is text, missing or infinite.
    """
    if "sid" not in features:
        raise ValueError(f"the features of {method!r} have no column 'sid', only {', '.join(map(str, features))[:60]}")
    twice = features["sid"][features["sid"].duplicated()]
    if len(twice):
        raise ValueError(f"the features of {method!r} list subject {twice.iloc[0]!r} twice: keep one row per subject")
    table = features.set_index("sid").sort_index()
    words = table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]
    if len(words):
        raise ValueError(f"column {words[0]!r} of the features of {method!r} holds text: keep numbers only")
    table = table.astype(float)
    broken = table.index[~np.isfinite(table.to_numpy()).all(axis=1)]
    if len(broken):
        raise ValueError(
            f"the features of {method!r} have missing values for {len(broken)} subjects, first {broken[0]!r}: compute "
            "them again, or leave these subjects out of the table"
        )
    return table
