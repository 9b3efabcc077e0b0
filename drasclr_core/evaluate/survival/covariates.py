"""What a survival model sees of a subject: outcome, confounders, and the columns that a row of Table 3 adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from drasclr_core.evaluate.features import by_subject
from drasclr_core.evaluate.measured import HAND_DESIGNED, TRUTH

CONFOUNDERS = ("age", "sex", "race", "smoking", "pack_years")
FOLLOW_UP = ("days", "died")
KINDS = ("sex", "race", "smoking")
"""Those of them that name a kind of people, whatever stands for it in the table."""
REFERENCE = "confounders"
"""The row that has nothing but the confounders: what an image or a test must add to."""
MEASURED = {"spirometry": ("FEV1pp", "FEV1_FVC"), "bode": ("BODE",)}
"""Blocks of columns of the subject table. What is measured on a scan are features (see `evaluate.measured`)."""
CEILINGS = ("ct_noise_free", TRUTH)
"""Rows of a simulated cohort that no method can be expected to pass; they come last."""
MIN_DEATHS = 10


@dataclass(frozen=True)
class SurvivalData:
    """Subjects that have everything.

    Attributes
    ----------
    outcomes : DataFrame
        ``days`` (float) and ``died`` (bool), indexed by ``sid``, sorted.
    blocks : dict of str to DataFrame
        Block -> its columns (float), rows as in `outcomes`. The block `REFERENCE` holds the confounders; `KINDS` became
        0/1 columns, one for each word or number but the first.
    rows : list of str
        The rows of the table that can be evaluated, `REFERENCE` first; ``a+b`` has the columns of both blocks.
    skipped : dict of str to str
        Row -> why it cannot.
    left_out : int
        Subjects of the table that lack the outcome or a column.
    uncontrolled : tuple of str
        Those of `CONFOUNDERS` that the subject table does not have, so that no row is controlled for them.
    """

    outcomes: pd.DataFrame
    blocks: dict[str, pd.DataFrame]
    rows: list[str]
    skipped: dict[str, str]
    left_out: int
    uncontrolled: tuple[str, ...] = ()


def survival_rows(methods: Sequence[str], closely: str, simulated: bool = False) -> list[str]:
    """Returns the rows of Table 3, as `survival_data` takes them, with `methods` for the paper's networks.

    The method `closely` is also joined to spirometry and to BODE. A `simulated` cohort has the `CEILINGS`.
    """
    others = [method for method in methods if method not in (HAND_DESIGNED, *CEILINGS)]
    joined = [f"{HAND_DESIGNED}+bode", f"{closely}+spirometry", f"{closely}+bode"]
    return [HAND_DESIGNED, *others, "spirometry", "bode", *joined, *(CEILINGS if simulated else ())]


def survival_data(
    subjects: pd.DataFrame,
    features: Mapping[str, pd.DataFrame],
    rows: Sequence[str],
    trained: Collection[str] = (),
) -> SurvivalData:
    """Collects outcome and columns of the subjects that have those of *all* rows, so that rows can be compared.

    Parameters
    ----------
    subjects : DataFrame
        ``sid``, ``days``, ``died``, some of the `CONFOUNDERS`, and the columns of `MEASURED` that the rows need.
    features : mapping of str to DataFrame
        Method -> ``sid`` and one numeric column per feature.
    rows : sequence of str
        Blocks joined by ``+``: names of `MEASURED`, of `features` or of `trained`; one that is named twice is one row.
    trained : collection of str
        Blocks whose columns are not known yet: each fold trains its own (see `compare_survival`).

    Raises
    ------
    KeyError
        The follow-up is missing from the table, or all confounders are.
    ValueError
        A subject is listed twice, an outcome is impossible (see `outcomes`), features are not as `by_subject` wants, or
        subjects do not differ in any confounder.
    """
    known = subjects.set_index("sid", verify_integrity=True).sort_index()
    there = [column for column in CONFOUNDERS if column in known]
    if not there:
        raise KeyError(f"the subject table has no column of {', '.join(CONFOUNDERS)}: every row of the table is "
                       "controlled for those that there are, so give one at least")  # fmt: skip
    confounders = known[there].dropna()
    # Kinds of people may come as numbers, which are no amounts.
    confounders = confounders.astype({name: str for name in KINDS if name in there and confounders[name].nunique() > 2})
    blocks = {REFERENCE: pd.get_dummies(confounders, drop_first=True).astype(float)}
    if not len(blocks[REFERENCE].columns):
        raise ValueError(f"all subjects are alike in {', '.join(there)}: every row of the table is controlled for what "
                         "they differ in, so give age or another column")  # fmt: skip
    rows, skipped = list(dict.fromkeys(rows)), {}
    for row in rows:
        for name in row.split("+"):
            lacking = [column for column in MEASURED.get(name, ()) if column not in known]
            if name in trained:
                continue
            if lacking:
                skipped[row] = f"no column {lacking[0]!r} in the subject table"
            elif name not in MEASURED and name not in features:
                skipped[row] = f"no features of {name!r}"
            elif name not in blocks:
                measured = name in MEASURED
                blocks[name] = known[list(MEASURED[name])].dropna() if measured else by_subject(features[name], name)
    usable = [REFERENCE, *(row for row in rows if row not in skipped)]
    needed = [name for name in dict.fromkeys("+".join(usable).split("+")) if name not in trained]
    table = outcomes(subjects)
    table = table[np.logical_and.reduce([table.index.isin(blocks[name].index) for name in needed])]
    chosen = {name: blocks[name].loc[table.index].astype(float) for name in needed}
    absent = tuple(name for name in CONFOUNDERS if name not in there)
    return SurvivalData(table, chosen, usable, skipped, len(subjects) - len(table), absent)


def outcomes(subjects: pd.DataFrame) -> pd.DataFrame:
    """Returns ``days`` and ``died`` (bool) of the `subjects` with both, indexed and sorted by ``sid``.

    Raises
    ------
    KeyError
        The table has no follow-up.
    ValueError
        A subject is listed twice, follow-up is not positive, or `died` is neither 0 nor 1.
    """
    absent = [column for column in FOLLOW_UP if column not in subjects]
    if absent:
        raise KeyError(f"the subject table has no column {absent[0]!r}: survival needs days of follow-up and who died")
    table = subjects.set_index("sid", verify_integrity=True)[list(FOLLOW_UP)].sort_index().dropna()
    wrong = table.index[~((table["days"] > 0) & np.isfinite(table["days"]) & table["died"].isin([0, 1]))]
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} subjects, first {wrong[0]!r}, have follow-up that is not positive or a `died` that is "
            "neither 0 nor 1: correct these rows, or leave the values empty"
        )
    return table.astype({"days": float, "died": bool})


def survival_obstacle(table: pd.DataFrame, folds: int) -> str | None:
    """Returns why the `outcomes` in `table` cannot be cross-validated in so many `folds`, or None if they can."""
    deaths, alive, needed = int(table["died"].sum()), int((~table["died"]).sum()), max(MIN_DEATHS, 2 * folds)
    if deaths < needed:
        return f"{deaths} of {len(table)} subjects died, at least {needed} deaths are needed for {folds} folds"
    if alive < folds:
        return f"only {alive} of {len(table)} subjects were censored, at least {folds} are needed for {folds} folds"
    return None
