"""One of the paper's tables whole: every row that the paper prints and every row of ours, between floor and ceiling."""

from __future__ import annotations

from itertools import groupby

import pandas as pd
from markupsafe import Markup

from drasclr_core import paper
from drasclr_core.evaluate.survival.covariates import REFERENCE
from drasclr_core.methods import in_order, method_names, row_of
from drasclr_core.report.tables.beside_paper import COLUMNS, mean_sd
from drasclr_core.report.templates import render

NOT_RUN, NOT_PRINTED = "not run", "not in the paper"
FLOORS = ("chance", REFERENCE)
"""Rows that have seen no image."""
_GROUPS = {"no image": "Without an image", "ceilings": "Ceiling"}
_KEYS, _NONE = ["method", "task", "metric"], ("–", "–")


def whole_table(name: str, ours: pd.DataFrame | None, shows: str) -> Markup:
    """Returns one of the paper's tables in HTML, in each cell ours above the paper's.

    Rows stand in groups, from what sees no image (the floor first) to the ceiling, a readout of the true disease of
    simulated subjects. A row that the paper prints and the run lacks is marked `NOT_RUN`; one that only the run has,
    `NOT_PRINTED`.

    Parameters
    ----------
    name : str
        ``table2`` … ``table9``.
    ours : DataFrame or None
        From `evaluate.beside_paper`; None where no run made the table.
    shows : str
        Whose columns (see `COLUMNS`).
    """
    columns = COLUMNS[shows]
    keys = [key for part in columns.values() for key in part]
    mine, theirs = _ours(ours), _printed(name, ours)
    here, printed = ({key[0] for key in cells if key[1:] in keys} for cells in (mine, theirs))
    rows = [
        {
            "name": _name(method),
            "group": _group(method),
            "state": NOT_RUN if method not in here else "" if method in printed else NOT_PRINTED,
            "cells": [(mine.get((method, *key), "–"), theirs.get((method, *key), "–")) for key in keys],
        }
        for method in in_order(here | printed)
    ]
    return render(
        "whole_table.html",
        columns=[(group, len(part)) for group, part in columns.items()],
        heads=[head for part in columns.values() for head in part.values()],
        groups=[{"name": group, "rows": list(part)} for group, part in groupby(rows, lambda row: row["group"])],
        label=f"Paper Table {name.removeprefix('table')}: ours above the paper's",
    )


def _ours(table: pd.DataFrame | None) -> dict[tuple[str, str, str], str]:
    return {} if table is None else _cells(table[[*_KEYS, "mean", "sd"]])


def _printed(name: str, ours: pd.DataFrame | None) -> dict[tuple[str, str, str], str]:
    """The paper's cells; a row that it prints in another table (DrasCLR without neighbours) is known from ours."""
    table = paper.table(name).rename(columns={"method": "paper"}).merge(method_names(), on=["table", "group", "paper"])
    elsewhere = {} if ours is None else _cells(ours[[*_KEYS, "paper_mean", "paper_sd"]])
    return elsewhere | _cells(table[[*_KEYS, "mean", "sd"]])


def _cells(table: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    rows = table.itertuples(index=False, name=None)
    return {(*key, metric): mean_sd(mean, sd, metric) for *key, metric, mean, sd in rows if pd.notna(mean)}


def _name(method: str) -> str:
    name = row_of(method).name
    if method in FLOORS:
        return f"Floor: {name}"
    return name.removeprefix("Ceiling: ")[:1].upper() + name.removeprefix("Ceiling: ")[1:]


def _group(method: str) -> str:
    group = row_of(method).group
    return _GROUPS.get(group, group[:1].upper() + group[1:])
