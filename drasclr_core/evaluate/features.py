"""The feature table of a method, whatever made it: a learned encoder, or a measurement of the lungs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import pandas as pd

from drasclr_core.cohort.text_table import read_table
from drasclr_core.evaluate.measured import HAND_DESIGNED, LAA950, LEAST_GIVEN, MEASURED, is_simulated, measured_features
from drasclr_core.methods import in_order
from drasclr_core.methods.registry import is_ablation
from drasclr_core.run import Run

FoldFeatures = Callable[[Sequence[str]], pd.DataFrame]
"""Features that labels make: given the training subjects of a fold, whose labels alone may make them, it returns those
of all subjects, indexed by sid."""


def read_features(run: Run, subjects: pd.DataFrame, method: str) -> pd.DataFrame:
    """Returns the features of the subjects that have them: ``sid`` and one column per feature.

    Parameters
    ----------
    run : Run
    subjects : DataFrame
        The subject table.
    method : str
        One of `MEASURED` (see `measured_features`), or the name of a folder under ``features/`` of the cohort, whose
        ``image.parquet`` or ``image.csv`` has ``sid`` and one column per feature.

    Raises
    ------
    KeyError
        The subject table has no such measurement.
    FileNotFoundError
        The features have not been computed.
    """
    return _with_source(run, subjects, method)[0]


def sources(run: Run, subjects: pd.DataFrame, methods: Iterable[str]) -> dict[str, str]:
    """Returns, of those `methods` that are measurements, in words where each comes from.

    `run` and `subjects` are as in `read_features`, and so are the errors: the methods can be read.
    """
    return {method: _with_source(run, subjects, method)[1] for method in methods if method in MEASURED}


def _with_source(run: Run, subjects: pd.DataFrame, method: str) -> tuple[pd.DataFrame, str]:
    if method in MEASURED:
        return measured_features(run, subjects, method, _in_folder(run, HAND_DESIGNED))
    found = _in_folder(run, method)
    if found is None:
        raise FileNotFoundError(
            f"features/{method}/image.parquet: no features of method {method!r} in cohort {run.cohort_name!r} of run "
            f"{run.name!r}. Run notebook 07_features, or put a table with a `sid` column there."
        )
    return found, ""


def _in_folder(run: Run, method: str) -> pd.DataFrame | None:
    path = run.features(method) / "image.parquet"
    if path.exists():
        return pd.read_parquet(path)
    return read_table(path.with_suffix(".csv"), {"sid": str}) if path.with_suffix(".csv").exists() else None


def methods_with_features(run: Run, measured: Sequence[str] = ()) -> list[str]:
    """Returns the methods of a `run` with a features folder, and `measured` ones, in the order of the book's rows.

    Variants of ablations, which have tables of their own, are left out.
    In a simulated cohort a measured ``laa950`` is joined by its ceiling, ``laa950_noise_free``.
    """
    folders = {path.parent.name for path in run.features("").glob("*/image.*") if path.suffix in (".parquet", ".csv")}
    ceiling = {f"{LAA950}_noise_free"} if LAA950 in measured and is_simulated(run) else set()
    return in_order({*measured, *ceiling, *(name for name in folders if not is_ablation(name))})


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


def without_small(
    features: dict[str, pd.DataFrame], subjects: pd.DataFrame, closely: str, kept: Collection[str] = ()
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Returns the features that so many subjects have that a table of all loses few, and why the others are left out.

    A subject without the features of one method is in no row of a table. So a method stays where `LEAST_GIVEN` of the
    subjects with features of the method `closely` have its features, too; or where it is among those `kept`.

    Parameters
    ----------
    features : dict of str to DataFrame
        From `found_features`.
    subjects : DataFrame
        The subject table.
    closely : str
        One of the methods.
    kept : collection of str
        Methods that stay in any case.
    """
    whole = set(subjects["sid"]) & set(features[closely]["sid"])
    few = {}
    for method, table in features.items():
        count = len(whole & set(table["sid"]))
        if count < LEAST_GIVEN * len(whole) and method not in kept:
            few[method] = (f"only {count} of the {len(whole)} subjects with features of {closely!r} have its features, "
                           f"and {100 * LEAST_GIVEN:.0f} % are needed, because whoever lacks them is in no row of the "
                           "table. Compute them for everybody, or name the rows in `methods`.")  # fmt: skip
    return {method: table for method, table in features.items() if method not in few}, few


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


def features_of(table: pd.DataFrame, sids: Sequence[str], method: str) -> np.ndarray:
    """Returns the rows of `sids` [N] in a table of features indexed by sid, float [N, D]; `method` made them.

    Raises
    ------
    KeyError
        A subject has none.
    """
    absent = [sid for sid in sids if sid not in table.index]
    if absent:
        raise KeyError(f"{absent[0]}: no patches for {method!r}. Run notebook 05_patches, or leave this subject out.")
    return table.loc[list(sids)].to_numpy(dtype=float)
