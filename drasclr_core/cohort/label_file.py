"""Labels from a text file of a study: its columns, its codes and its visits become ours."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.subjects import SHOWN, named
from drasclr_core.cohort.text_table import read_table

SEPARATORS = "\t,"
"""Between the cells; a tab comes first, as free text has commas."""
SUBJECT = "sid"
VISITS = ("Phase_study", "visitnum")
"""Columns that number the visits of a long file (one row for each subject and visit)."""
MISSING = (".", "NA", "N/A", "NaN", "nan", "null", "")


@dataclass(frozen=True, eq=False)
class Label:
    """One label: what we call it and how to find it.

    Parameters
    ----------
    ours : str
        Column of our subject table.
    theirs : tuple of str
        Possible names in the file, the first that is there is used; case does not matter.
    unit : str
        Of ours.
    valid : (float, float)
        Smallest and largest value in our unit; values outside, such as codes for "unknown", become missing.
    whole : bool
        Whole numbers: other numbers become missing.
    constant : bool
        The same at every visit, so that the name has no ending for the phase.
    convert : callable, optional
        From a Series of their numbers to one in our unit.
    codes : dict, optional
        Words that their numbers stand for; numbers that are not in it become missing.
    """

    ours: str
    theirs: tuple[str, ...]
    unit: str
    valid: tuple[float, float] = (float("-inf"), float("inf"))
    whole: bool = False
    constant: bool = False
    convert: Callable[[pd.Series], pd.Series] | None = None
    codes: dict[float, str] | None = None


def read_label_file(
    path: str | Path, labels: tuple[Label, ...], phase: int = 1, complete: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Returns the labels of one phase from tab- or comma-separated text.

    Three layouts are recognised: long (a column ``Phase_study`` or ``visitnum``), wide (names end in ``_P1``, ``_P2``,
    ...) and a single visit (neither), which is taken for phase 1.

    Parameters
    ----------
    path : path
        Text with a header line and a column ``sid``.
    labels : tuple of Label
        What to look for.
    phase : int
    complete : bool
        Every label has to be there.

    Returns
    -------
    DataFrame
        Indexed by ``sid`` (unique), a column for each label found, in our units.
    list of str
        Sentences about values that were taken for missing.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is no such text, has no column ``sid``, none of the labels (or, if `complete`, not all), no row of the phase
        or two rows of one subject; the message names file, column and remedy.
    """
    path = Path(path)
    header = _header(path)
    present = {name.casefold(): name for name in reversed(header)}
    if SUBJECT not in present:
        raise ValueError(f"{path.name}: no column {SUBJECT!r}, only {named(header)}. Rename the column with the "
                         f"subject identifiers to {SUBJECT}.")  # fmt: skip
    visit = next((present[name.casefold()] for name in VISITS if name.casefold() in present), None)
    chosen = _choose(path.name, labels, present, phase, visit is not None, complete)
    used = [present[SUBJECT], *([visit] if visit else []), *chosen.values()]
    rows = _rows(path, list(dict.fromkeys(used)))
    rows = rows[rows[present[SUBJECT]].notna()]
    if visit:
        rows = _rows_of_phase(path.name, rows, visit, phase)
    sids = rows[present[SUBJECT]]
    twice = sorted(set(sids[sids.duplicated()]))
    if twice:
        which = f" of phase {phase}" if visit else ""
        raise ValueError(f"{path.name}: more than one row{which} for {SUBJECT} {named(twice)}. Keep one row each, or "
                         f"add a column {VISITS[0]} with the number of the phase.")  # fmt: skip
    table, notes = pd.DataFrame(index=pd.Index(sids, name=SUBJECT)), []
    for label, column in chosen.items():
        values, note = _values(label, rows[column])
        table[label.ours] = values.to_numpy()
        notes += [f"{path.name}, column {column}: {note}"] if note else []
    return table, notes


def _header(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"{path.name}: no such file. Correct its path, or leave it out: labels are optional.")
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        line = file.readline()
    separator = next((character for character in SEPARATORS if character in line), None)
    if separator is None or "\0" in line:
        raise ValueError(f"{path.name}: no tab and no comma in its first line. Save it as tab- or comma-separated text "
                         "with a header line.")  # fmt: skip
    return [name.strip() for name in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]


def _choose(
    file: str, labels: tuple[Label, ...], present: dict[str, str], phase: int, long: bool, complete: bool
) -> dict[Label, str]:
    """The column of each label that the file has."""
    changing = [label for label in labels if not label.constant]
    endings = [
        name.casefold() + ending for label in changing for name in label.theirs for ending in ("_p1", "_p2", "_p3")
    ]
    if changing and phase != 1 and not long and not any(ending in present for ending in endings):
        raise ValueError(f"{file}: no column {' or '.join(VISITS)} and no names that end in _P{phase}, so which phase "
                         f"its rows belong to is unknown. Add a column {VISITS[0]}, or set phase to 1.")  # fmt: skip
    chosen: dict[Label, str] = {}
    for label in labels:
        plain = long or phase == 1 or label.constant
        names = [one for name in label.theirs for one in (f"{name}_P{phase}", *([name] if plain else []))]
        column = next((present[name.casefold()] for name in names if name.casefold() in present), None)
        if column and label.ours not in {other.ours for other in chosen}:
            chosen[label] = column
    absent = [label for label in labels if label.ours not in {other.ours for other in chosen}]
    if not chosen or (complete and absent):
        wanted = "; ".join(f"{' or '.join(label.theirs)} (our {label.ours})" for label in absent[:SHOWN])
        raise ValueError(f"{file}: no column {wanted} for phase {phase}. Rename the column in the file, or leave the "
                         "file out: labels are optional.")  # fmt: skip
    return chosen


def _rows(path: Path, columns: list[str]) -> pd.DataFrame:
    # Files of the study have a thousand columns: only those needed are kept.
    rows = read_table(path, str, SEPARATORS, columns, replace=True)
    return rows.apply(lambda column: column.str.strip().mask(lambda text: text.isin(MISSING)))


def _rows_of_phase(file: str, rows: pd.DataFrame, visit: str, phase: int) -> pd.DataFrame:
    phases = pd.to_numeric(rows[visit], errors="coerce")
    if not (phases == phase).any():
        has = sorted(int(number) for number in phases.dropna().unique())
        raise ValueError(f"{file}: no row with {visit} = {phase}, only {has}. Set phase to one of these.")
    return rows[phases == phase]


def _values(label: Label, texts: pd.Series) -> tuple[pd.Series, str]:
    """Our values of one column and, where values were taken for missing, which."""
    numbers = pd.to_numeric(texts, errors="coerce")
    if label.codes:
        ours = numbers.map(label.codes)
    else:
        ours = label.convert(numbers) if label.convert and numbers.notna().any() else numbers
        ours = ours.where(ours.between(*label.valid))
        ours = ours.where(ours % 1 == 0) if label.whole else ours
    lost = texts[texts.notna() & ours.isna()]
    note = f"{len(lost)} of {len(texts)} values taken for missing ({named(sorted(set(lost)))})."
    return ours, note if len(lost) else ""
