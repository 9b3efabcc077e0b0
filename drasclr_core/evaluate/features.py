"""The feature table of a method, whatever made it: a learned encoder, or a measurement of the lungs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from drasclr_core.anatomy.quality import quality_table
from drasclr_core.run import Run

# Methods whose features are measured columns of the subject table.
MEASURED = {"laa950": ["LAA950_pct"]}
# Methods whose features were measured when the lungs were found (notebook 02).
SEEN_IN_LUNGS = {"lung_density": ["mean_hu"]}


def read_features(run: Run, subjects: pd.DataFrame, method: str) -> pd.DataFrame:
    """Features of the subjects that have them.

    Parameters
    ----------
    run : Run
    subjects : DataFrame
        The subject table.
    method : str
        ``laa950`` (per cent of lung voxels below -950 HU, one number per subject), ``lung_density`` (mean HU of the
        lungs), or the name of a folder under ``features/`` of the cohort, whose ``image.parquet`` or ``image.csv`` has
        ``sid`` and one column per feature.

    Returns
    -------
    DataFrame
        ``sid`` and one column per feature.

    Raises
    ------
    KeyError
        The subject table has no such measurement.
    FileNotFoundError
        The features have not been computed.
    """
    if method in MEASURED:
        absent = [column for column in MEASURED[method] if column not in subjects]
        if absent:
            raise KeyError(f"the subject table has no column {absent[0]!r}: add it, or take {method!r} off `methods`")
        return subjects[["sid", *MEASURED[method]]].dropna()
    if method in SEEN_IN_LUNGS:
        found = quality_table(run).reindex(columns=["sid", *SEEN_IN_LUNGS[method]]).dropna()
        if found.empty:
            raise FileNotFoundError(
                f"method {method!r}: no lungs of cohort {run.cohort_name!r} yet. Run notebook 02_lungs."
            )
        return found
    path = run.features(method) / "image.parquet"
    plain = path.with_suffix(".csv")
    if plain.exists() and not path.exists():
        return pd.read_csv(plain, dtype={"sid": str})
    if not path.exists():
        raise FileNotFoundError(
            f"features/{method}/image.parquet: no features of method {method!r} in cohort {run.cohort_name!r} of run "
            f"{run.name!r}. Run notebook 07_features, or put a table with a `sid` column there."
        )
    return pd.read_parquet(path)


def found_features(
    run: Run, subjects: pd.DataFrame, methods: Sequence[str]
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Features of the methods that have been computed, and why the others are missing (see `read_features`).

    Parameters
    ----------
    run, subjects
        As in `read_features`.
    methods : sequence of str

    Returns
    -------
    features : dict of str to DataFrame
        By method, in the order of `methods`.
    missing : dict of str to str

    Raises
    ------
    FileNotFoundError
        No method has features.
    """
    features, missing = {}, {}
    for method in methods:
        try:
            features[method] = read_features(run, subjects, method)
        except (FileNotFoundError, KeyError) as error:
            missing[method] = str(error.args[0])
    if not features:
        raise FileNotFoundError(" ".join(missing.values()) or "no method was named: give at least one")
    return features, missing
