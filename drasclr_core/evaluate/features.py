"""The feature table of a method, whatever made it: a learned encoder, or a measurement in the subject table."""

from __future__ import annotations

import pandas as pd

from drasclr_core.run import Run

# Methods whose features are measured columns of the subject table.
MEASURED = {"laa950": ["LAA950_pct"]}


def read_features(run: Run, subjects: pd.DataFrame, method: str) -> pd.DataFrame:
    """Features of the subjects that have them.

    Parameters
    ----------
    run : Run
    subjects : DataFrame
        The subject table.
    method : str
        ``laa950`` (per cent of lung voxels below -950 HU, one number per subject), or the name of a folder under
        ``features/`` of the cohort, whose ``image.parquet`` or ``image.csv`` has ``sid`` and one column per feature.

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
