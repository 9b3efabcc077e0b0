"""The first page's questions that a reader asks first, answered by yes or no from the result files of a run."""

from __future__ import annotations

import pandas as pd

from drasclr_core.detect.verdict import read_verdicts
from drasclr_core.evaluate.aims import REACHED, listed_aims
from drasclr_core.evaluate.measured import LAA950
from drasclr_core.evaluate.result_files import PAPER_DETECTOR
from drasclr_core.evaluate.statistics.clear import clear_sides
from drasclr_core.methods import row_of
from drasclr_core.report.answers.readouts import LONGER
from drasclr_core.report.tables import label
from drasclr_core.run import Run

CLOSELY = "drasclr"
ASKED = {
    "chance": ("Do the features know of disease, which nobody told the encoder?", "a row that sees no image", False),
    LAA950: (
        "Are they better than LAA-950, one number: the share of the lungs that is darker than −950 HU?",
        "LAA-950",
        False,
    ),
    f"{CLOSELY}{LONGER}": ("Does training longer by the same recipe make them better?", "the shorter training", True),
}
"""What DrasCLR stands against: the question, how it is called in the answer, and whether it is the one asked about."""

WORDS = {
    "logFEV1pp": "FEV1",
    "logFEV1/FVC": "FEV1/FVC",
    "GOLD": "GOLD stage",
    "CLE": "grade of centrilobular emphysema",
    "Paraseptal": "grade of paraseptal emphysema",
    "AE History": "exacerbations",
}
"""Tasks of Paper Table 2 in words; another is called by its own name."""


def plain_answers(run: Run) -> list[tuple[str, str, str]]:
    """Returns questions, one word of answer to each and a sentence with its numbers; those that the run can answer.

    The word follows from the comparisons of page 40 on the scores of Paper Table 2: *Yes* where all are clearly
    better, *In part* where more are clearly better than worse, *Not shown* where none is either, else *No*. What is
    clear, `clear_sides` says.
    """
    path = run.results / "significance_table2.csv"
    found = [_maps(run)]
    if path.exists():
        table = pd.read_csv(path).dropna(subset=["low", "high"])
        table = table[table["method"] == CLOSELY]
        found = [_against(table[table["against"] == name], *about) for name, about in ASKED.items()] + found
    return [one for one in found if one]


def _against(rows: pd.DataFrame, question: str, other: str, turned: bool) -> tuple[str, str, str] | None:
    if rows.empty:
        return None
    better, worse = reversed(clear_sides(rows)) if turned else clear_sides(rows)
    if len(better) == len(rows):
        word = "Yes"
    elif len(better) > len(worse):
        word = "In part"
    else:
        word = "No" if len(worse) else "Not shown"
    said = f"Clearly better than {other} in {_named(better)} of {len(rows)} scores, clearly worse in {_named(worse)}"
    return question, word, f"{said}."


def aims_answer(aims: pd.DataFrame, method: str, run: str) -> tuple[str, str, str]:
    """Returns question, word and sentence on aims that were fixed beforehand.

    Parameters
    ----------
    aims : DataFrame
        From `judge_aims` and `judge_losses`; at least one.
    method : str
        What the aims are about.
    run : str
        Name of the run that was asked.
    """
    reached = aims[aims["verdict"] == REACHED]
    word = "Yes" if len(reached) == len(aims) else "In part" if len(reached) else "No"
    counts = aims.loc[aims["verdict"] != REACHED, "verdict"].value_counts()
    others = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    said = f"{row_of(method).name}, in the run `{run}`: {len(reached)} of {len(aims)} reached"
    said += listed_aims(reached, WORDS) + f"; {others}" * bool(others)
    return ("Does it reach the aims that were fixed beforehand, asked of other phantoms "
            "([page 34](notebooks/34_longer_training))?", word, f"{said}.")  # fmt: skip


def _named(rows: pd.DataFrame) -> str:
    names = ", ".join(_in_words(row.task, row.metric) for row in rows.itertuples())
    return f"{len(rows)} ({names})" if names else "0"


def _in_words(task: str, metric: str) -> str:
    """The score as a reader of the first page knows it: *1-off* counts a grade beside the right one too."""
    return WORDS.get(task, label(task, metric)) + (" to within one" if metric == "1-off" else "")


def _maps(run: Run) -> tuple[str, str, str] | None:
    """Whether maps of the paper's detectors may be drawn, by the verdicts of page 20."""
    verdicts = read_verdicts(run, PAPER_DETECTOR).values()
    if not verdicts:
        return None
    may = [one.drawn for one in verdicts]
    word = "Yes" if all(may) else "In part" if any(may) else "No"
    numbers = " and ".join(f"{100 * one.found:.0f} % of the {one.subtype} ones" for one in verdicts)
    why = "" if all(may) else (
        "Detectors that are not well ahead of what sees no image, or mark healthy lungs, are not drawn as disease. "
    )  # fmt: skip
    return ("Do its detectors find emphysema well enough to draw maps of it?", word,
            f"{why}At the threshold that leaves healthy lungs alone they find, of the annotated boxes, "
            f"{numbers}.")  # fmt: skip
