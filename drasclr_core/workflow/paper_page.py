"""The page *The paper's tables and figures*: everything that both papers print, ours beside it, from result files."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
from markupsafe import Markup

from drasclr_core import paper
from drasclr_core.evaluate.result_files import figure_stem
from drasclr_core.methods import in_order, row_of
from drasclr_core.report.pretrainings import trainings_note
from drasclr_core.report.tables import label, mean_sd
from drasclr_core.report.tables.whole import whole_table
from drasclr_core.report.templates import render
from drasclr_core.run import Run
from drasclr_core.workflow.pages import markdown
from drasclr_core.workflow.shown_files import ShownFile, shown_file
from drasclr_core.workflow.stages import Notebook, suffix_of

PAGE = "paper_tables"


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper: what it is called here, which notebook makes ours, whose columns it has, on whom.

    `spread` is what stands after ±, in ours and in the paper's, where it is not the standard deviation over folds.
    """

    title: str
    notebook: str
    shows: str
    people: str
    spread: str = ""


TABLES = {
    "table2": PaperTable("phenotypes from frozen features", "10_phenotypes", "phenotypes", "COPDGene"),
    "table3": PaperTable("survival", "11_survival", "survival", "COPDGene", "bootstrapped standard error"),
    "table4": PaperTable("COVID-19 severity", "12_covid_severity", "severity", "MosMed"),
    "table5": PaperTable("emphysema in patches", "20_emphysema", "detection", "COPDGene"),
    "table6": PaperTable("how the encoder is told the location", "30_conditioning", "conditioning", "COPDGene"),
    "table7": PaperTable("detection at random locations", "31_location_sensitivity", "location", "COPDGene"),
    "table8": PaperTable("how many neighbours", "32_neighbors", "neighbours", "COPDGene"),
    "table9": PaperTable("another atlas", "33_atlas_choice", "phenotypes", "COPDGene"),
}
FIGURES = {
    3: ("maps of emphysema by GOLD stage", "21_dense_maps", "fig3", "_truth.csv"),
    4: ("detected volume by GOLD stage", "22_emphysema_volume", "fig4", ".csv"),
    5: ("detection by the share of annotated boxes", "23_annotation_efficiency", "fig5", ".csv"),
}
"""Figures with results: what they show, which notebook draws ours, how the file with its numbers begins and ends."""
JOINT = "joint_tasks"
_IMAGE = re.compile(r'<img src="data:image/(?P<kind>[a-z+]+);base64,(?P<content>[^"]+)" alt="(?P<alt>[^"]*)"')


def write_paper_page(run: Run, notebooks: Mapping[str, Notebook], source: Path) -> None:
    """Writes the page into the sources of the book of a run, with the tables and pictures that it shows beside it."""
    tables = [_table(run, notebooks, name, about, source) for name, about in TABLES.items()]
    figures = [_figure(run, notebooks, number, *about, source) for number, about in FIGURES.items()]
    joint = _joint(run, notebooks, source)
    pipeline = (source / "_static" / "figures" / "pipeline.png").exists()
    page = markdown("paper_tables.md", tables=tables, figures=figures, joint=joint, pipeline=pipeline)
    (source / f"{PAGE}.md").write_text(page)


def _table(run: Run, notebooks: Mapping[str, Notebook], name: str, about: PaperTable, source: Path) -> dict:
    found = shown_file(run, notebooks, about.notebook, f"{name}.csv")
    ours = _read(found)
    footnotes = paper.footnotes().query("table == @name")
    notes = [f"{row.method}, {label(row.task, row.metric)}: {row.note}." for row in footnotes.itertuples()]
    trainings = "" if ours is None else trainings_note(ours)
    return {
        "number": name.removeprefix("table"),
        "about": about,
        "html": whole_table(name, ours, about.shows),
        "found": found,
        "counts": "" if ours is None else _counts(ours, found),
        "file": _beside(found, source),
        "notes": [*filter(None, [trainings]), *notes],
    }


def _read(found: ShownFile | None) -> pd.DataFrame | None:
    """The table, of Table 5 the rows under the paper's rule; None where it holds no number."""
    if found is None:
        return None
    table = pd.read_csv(found.path)
    table = table[table["rule"] == "voxels"] if "rule" in table else table
    return table if table["mean"].notna().any() else None


def _counts(table: pd.DataFrame, found: ShownFile) -> str:
    kind = "simulated subjects" if found.simulated else "subjects"
    ends = dict.fromkeys(f"{count:.0f}" for count in (table["subjects"].min(), table["subjects"].max()))
    columns = ", which differs by column" if len(ends) > 1 else ""
    return f"{' to '.join(ends)} {kind}{columns}, {table['folds'].max():.0f} folds"


def _beside(found: ShownFile | None, source: Path) -> str:
    """Copies a table to where the page links to it, and returns its address; of each run apart."""
    if found is None:
        return ""
    target = source / "_static" / "tables" / found.run / found.path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(found.path, target)
    return target.relative_to(source).as_posix()


def _figure(run: Run, notebooks: Mapping[str, Notebook], number: int, title: str, notebook: str, begins: str, ends: str,
            source: Path) -> dict:  # fmt: skip
    """The first picture of the executed notebook, which is its answer; where it draws none, that of another method."""
    page = shown_file(run, notebooks, notebook, ".ipynb")
    others = [*run.notebooks.glob(f"*/{notebook}-*.ipynb")] if page else []
    method, found = "", page
    picture, alt = _first_picture(page.path, source / "_static" / "tables", number) if page else ("", "")
    for path in sorted(others) if not picture else ():
        picture, alt = _first_picture(path, source / "_static" / "tables", number)
        if picture:
            method, found = suffix_of(path.stem), shown_file(run, notebooks, path.stem, ".ipynb")
            break
    stem = figure_stem(begins, method) if method else begins
    numbers = shown_file(run, notebooks, notebook, f"{stem}{ends}")
    csv = _beside(numbers, source)
    return {"number": number, "title": title, "notebook": notebook, "found": found, "alt": alt, "file": csv,
            "picture": picture, "whose": row_of(method).name if method else "", "kinds": _kinds(numbers)}  # fmt: skip


def _kinds(found: ShownFile | None) -> str:
    """Which subtype alone a table of detected emphysema is about; empty where it has several, or names none."""
    table = pd.read_csv(found.path) if found else pd.DataFrame()
    kinds = set(table["subtype"]) - {"both"} if "subtype" in table else set()
    return next(iter(kinds)) if len(kinds) == 1 else ""


def _first_picture(path: Path, folder: Path, number: int) -> tuple[str, str]:
    """Writes the first picture among the outputs of a notebook; its address and alternative text, empty without one."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", ()):
            found = _IMAGE.search(output.get("data", {}).get("text/html", ""))
            if found:
                folder.mkdir(parents=True, exist_ok=True)
                target = folder / f"figure{number}.{found['kind'].removesuffix('+xml')}"
                target.write_bytes(base64.b64decode(found["content"]))
                return f"_static/tables/{target.name}", Markup(found["alt"]).unescape().replace("\n", " ")
    return "", ""


def _joint(run: Run, notebooks: Mapping[str, Notebook], source: Path) -> dict | None:
    """Ours for the second paper: every start on every task with all labels."""
    found = shown_file(run, notebooks, "52_joint_tasks", f"{JOINT}.csv")
    if found is None:
        return None
    table = pd.read_csv(found.path)
    table = table[~table["task"].str.contains("of the labels") & ~table["metric"].str.contains(":")]
    keys = list(dict.fromkeys(zip(table["task"], table["metric"], strict=True)))
    cells = {
        (row.method, row.task, row.metric): mean_sd(row.mean, row.sd, row.metric)
        for row in table.itertuples(name="Row")
    }
    rows = [
        {"name": row_of(method).name, "state": "", "cells": [(cells.get((method, *key), "–"), "") for key in keys]}
        for method in in_order(set(table["method"]))
    ]
    tasks = dict.fromkeys(task for task, _ in keys)
    html = render(
        "whole_table.html",
        columns=[(task, sum(one == task for one, _ in keys)) for task in tasks],
        heads=[metric for _, metric in keys],
        groups=[{"name": "The net begins with", "rows": rows}],
        label="The second paper's tasks",
    )
    return {"html": html, "found": found, "file": _beside(found, source)}
