"""What the first page says of a run, in words and numbers, from its result files; and how to cite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import yaml

from drasclr_core.evaluate.measured import LAA950, LUNG_DENSITY, TRUTH
from drasclr_core.evaluate.scorecard.verdicts import CLAIM_VERDICTS, REPRODUCED
from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.survival.covariates import REFERENCE
from drasclr_core.files import read_json
from drasclr_core.methods import row_of
from drasclr_core.model.weights import CONFIG
from drasclr_core.provenance import stage_record
from drasclr_core.report.figures.evaluation.scorecard import SIGN
from drasclr_core.report.pretrainings import repeated_trainings
from drasclr_core.represent.trainings import training_length
from drasclr_core.run import Run
from drasclr_core.workflow.borrowed import made_its_subjects
from drasclr_core.workflow.pages import markdown
from drasclr_core.workflow.plain_answers import aims_answer, plain_answers
from drasclr_core.workflow.shown_files import shown_file
from drasclr_core.workflow.stages import Notebook

QUESTIONS = (
    ("table2", "10_phenotypes", "Lung function", "FEV1 % predicted, R²", "logFEV1pp", "R2"),
    ("table2", "10_phenotypes", "Stage of COPD", "GOLD, % of subjects right", "GOLD", "accuracy"),
    ("table3", "11_survival", "Survival", "concordance up to the median follow-up", "Survival", "concordance at 50th"),
    ("table4", "12_covid_severity", "COVID-19 severity", "% of subjects right", "COVID-19 severity", "accuracy"),
    ("table5", "20_emphysema", "Centrilobular emphysema in a patch", "F1", "Centrilobular", "F1"),
    ("table5", "20_emphysema", "Paraseptal emphysema in a patch", "F1", "Paraseptal", "F1"),
)
"""File, notebook, question, its score, task and metric of each line of the table."""
MADE = "best hand-made"
COLUMNS = {
    "DrasCLR": ("drasclr", "drasclr_finetuned"),
    "no image": ("chance", REFERENCE),
    "LAA-950": (LAA950, "patch_laa"),
    MADE: (LAA950, LUNG_DENSITY, "hand_designed", "kmeans", "divergence", "patch_laa"),
    "not pretrained": ("untrained", "patch_cnn"),
    "ceiling": (TRUTH,),
}
"""Column -> the methods of which the first that a table has stands there, of `MADE` the best one with its name; of
patches, a network without pretraining."""

PAPERS_PATCHES = 20 * 9180 * 581
"""At most, of the paper's training (Section 4.1: epochs, subjects, landmarks), to be set beside ours."""
AIMS = "34_longer_training"
OTHERS = "learned without the labels"
"""The group of rows that are trained for as long as DrasCLR; ablations may have its steps instead."""


def answer(run: Run, notebooks: Mapping[str, Notebook]) -> str:
    """Returns what came out in Markdown: verdicts on the paper's claims, and a table of DrasCLR between its bounds.

    A column that no line has is left out, and so is a line that the run did not make.
    """
    lines, ahead, most, made = [], [], 0, None
    for stem, notebook, question, score, task, metric in QUESTIONS:
        found = shown_file(run, notebooks, notebook, f"{stem}.csv")
        if found is None or found.borrowed:
            continue
        table = pd.read_csv(found.path)
        table = table[table["task"].eq(task) & table["metric"].eq(metric)].dropna(subset="mean")
        table = (table[table["rule"] == "voxels"] if "rule" in table else table).set_index("method")
        if "drasclr" not in table.index and "drasclr_finetuned" not in table.index:
            continue
        cells = [_cell(table["mean"], column, metric) for column in COLUMNS]
        made_by_hand, ours = (table["mean"].reindex(COLUMNS[column]).dropna() for column in (MADE, "DrasCLR"))
        if len(made_by_hand):
            ahead.append(ours.iloc[0] > made_by_hand.max())
        lines.append((question, score, notebook, cells))
        most, made = max(most, int(table["subjects"].max())), made or found
    used = [number for number in range(len(COLUMNS)) if any(cells[number] for *_, cells in lines)]
    return markdown(
        "answer.md",
        run=run.name,
        made=made,
        simulated=made_its_subjects(run),
        most=most,
        trained=_training(run),
        ahead=(sum(ahead), len(ahead)) if ahead else (),
        verdicts=_verdicts(run),
        answers=plain_answers(run) + _aims(run, notebooks),
        columns=[list(COLUMNS)[number] for number in used],
        lines=[(*about, [cells[number] or "–" for number in used]) for *about, cells in lines],
    )


def _aims(run: Run, notebooks: Mapping[str, Notebook]) -> list[tuple[str, str, str]]:
    """What became of the aims of notebook 34, of this run or of the committed one."""
    found = shown_file(run, notebooks, AIMS, "longer_aims.csv")
    if found is None:
        return []
    record = next((found.path.parent / "stages").glob(f"*-{AIMS}.json"), None)
    given = read_json(record).get("parameters", {}) if record else {}
    asked = given.get("reference", notebooks[AIMS].parameters["reference"].default)
    return [aims_answer(pd.read_csv(found.path), asked, found.run)]


def _training(run: Run) -> str:
    """Returns how long DrasCLR was trained, and whether others had as much time; empty where nobody knows."""
    length = _length(run)
    if not length:
        return ""
    several = [f"{row_of(name).name} ({count})" for name, count in repeated_trainings(run.results).items()]
    seeds = f" More than one training, each with its own seed, have: {', '.join(several)}." if several else ""
    return (
        f"In the cohort `{run.cohort_name}` DrasCLR was trained for {length}.{seeds} The paper trained for 48 hours or "
        f"20 epochs, whichever came first: with 9,180 subjects and 581 landmarks at most {PAPERS_PATCHES / 1e6:.0f} "
        "million patches, so that a claim that is not reproduced may be one that needs more."
    )


def _length(run: Run) -> str:
    """How long: by its own settings, where these give steps or epochs; by notebook 15, where it had minutes."""
    asked = read_json(stage_record(run, "06_pretrain")).get("parameters", {})
    if asked and not asked.get("minutes") and (length := training_length(run, "drasclr")):
        return f"{length}, {read_json(run.pretrain() / CONFIG)['patches_per_step']} patches in a step"
    path = run.results / f"methods_{run.cohort_name}.csv"
    table = pd.read_csv(path).set_index("method") if path.exists() else pd.DataFrame()
    if "drasclr" not in table.index or not table.loc["drasclr", "given"] > 0:
        return ""
    row = table.loc["drasclr"]
    others = table.loc[[name for name in table.index if row_of(name).group == OTHERS], "given"].dropna()
    alike = ", as was every other pretraining method" if len(others) and others.eq(row["given"]).all() else ""
    return f"{row['given']:g} minutes of one core{alike}: it has seen {row['shown']:,.0f} patches"


def _cell(means: pd.Series, column: str, metric: str) -> str:
    there = means.reindex(COLUMNS[column]).dropna()
    if there.empty:
        return ""
    if column == MADE:
        return f"{_text(there.max(), metric)} ({row_of(there.idxmax()).name})"
    return _text(there.iloc[0], metric)


def _text(mean: float, metric: str) -> str:
    return f"{mean:z.{0 if metric in PERCENT else 2}f}".replace("-", "−")


def _verdicts(run: Run) -> list[dict]:
    """Each verdict, on how many claims, and, of those that are reproduced, on which."""
    path = run.results / "scorecard.csv"
    if not path.exists():
        return []
    board = pd.read_csv(path)
    named = {verdict: list(board.loc[board["verdict"] == verdict, "short"]) for verdict in CLAIM_VERDICTS}
    return [
        {
            "name": verdict,
            "sign": SIGN[verdict],
            "count": len(claims),
            "claims": claims if verdict == REPRODUCED else [],
        }
        for verdict, claims in named.items()
    ]


def citation(root: Path) -> str:
    """Returns BibTeX entries of the paper, from the book's bibliography, and of this software, from ``CITATION.cff``.

    Raises
    ------
    ValueError
        The bibliography lacks the paper.
    """
    entry = re.search(
        r"^@article\{Yu2023DrasCLR,\n.*?^\}\n", (root / "book" / "references.bib").read_text(), re.M | re.S
    )
    if entry is None:
        raise ValueError("references.bib: no entry Yu2023DrasCLR, which the first page cites")
    about = yaml.safe_load((root / "CITATION.cff").read_text())
    return entry[0] + "\n" + markdown("software.bib", **about)
