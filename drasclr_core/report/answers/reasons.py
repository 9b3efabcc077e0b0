"""Why claims are not reproduced: for each, the experiment of the run that bears on it, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from drasclr_core.evaluate.scorecard import NOT_REPRODUCED
from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.methods import row_of
from drasclr_core.report.figures.evaluation.rows import label

OURS, LONGER = "drasclr", "drasclr_long"


@dataclass(frozen=True)
class Experiment:
    """An experiment that may say why.

    Attributes
    ----------
    claims : tuple of str
        How the ids of the claims begin that it bears on.
    files : tuple of str
        The result files that hold it, without ``.csv``.
    page : str
        The notebook that shows it.
    found : callable
        What its tables say, in Markdown; empty where they lack the rows.
    """

    claims: tuple[str, ...]
    files: tuple[str, ...]
    page: str
    found: Callable[..., str]


def why_not(board: pd.DataFrame, results: str | Path) -> str:
    """Returns in Markdown, for all claims that are not reproduced, what the experiments of a run say of the reason.

    Parameters
    ----------
    board : DataFrame
        Of `evaluate.scorecard.scorecard`.
    results : path
        Folder of the run's result files. Experiments whose file is absent are left out, and claims on which none bears
        are named at the end.
    """
    failed = board.loc[board["verdict"] == NOT_REPRODUCED, ["id", "short"]].to_dict("records")
    parts, explained = [], set()
    for experiment in EXPERIMENTS:
        about = [claim for claim in failed if claim["id"].startswith(experiment.claims)]
        paths = [Path(results) / f"{file}.csv" for file in experiment.files]
        there = about and all(path.exists() for path in paths)
        text = experiment.found(*map(pd.read_csv, paths)) if there else ""
        if text:
            explained |= {claim["id"] for claim in about}
            number = experiment.page.partition("_")[0]
            bears = "; ".join(claim["short"] for claim in about)
            parts.append(f"- {text} See notebook {number}. *Bears on: {bears}.*")
    left = "; ".join(claim["short"] for claim in failed if claim["id"] not in explained)
    if left:
        parts.append(f"- **No experiment of this run says why:** {left}.")
    return "\n".join(parts) or "No claim of this scorecard is *not reproduced*."


def _training(table: pd.DataFrame, tests: pd.DataFrame) -> str:
    """More steps of the same recipe (Table 2, and its differences)."""
    scores = _scores(table)
    pairs = tests[tests["method"].eq(OURS) & tests["against"].eq(LONGER)].set_index(["task", "metric"])
    pairs = pairs[pairs.index.isin(scores.index)].dropna(subset=["low", "high"])
    made = [name for name in scores.columns if row_of(name).group == "hand-made features"]
    if not {OURS, LONGER} <= set(scores.columns) or not made or pairs.empty:
        return ""
    better, worse = int((pairs["high"] < 0).sum()), int((pairs["low"] > 0).sum())
    best = scores[made].max(axis="columns")
    before, after = (int((scores[name] > best).sum()) for name in (OURS, LONGER))
    told = [f"{label(*key)} {_text(row[OURS], key[1])} → {_text(row[LONGER], key[1])}"
            + (f" (chance {_text(row['chance'], key[1])})" if "chance" in row and key[1] in PERCENT else "")
            for key, row in scores.iterrows()]  # fmt: skip
    return (
        f"**Trained longer by the same recipe, DrasCLR is clearly better in {better} of {len(pairs)} main scores, "
        f"clearly worse in {worse}, and ahead of the best hand-made row in {after}** (before: {before}). "
        f"{'; '.join(told)}; one training of each."
    )


def _directions(table: pd.DataFrame) -> str:
    """What sets subjects apart in the features (page 17)."""
    rows = table.set_index("method")
    if OURS not in rows.index:
        return ""
    row = rows.loc[OURS]
    longer = f"; trained longer, of {rows.loc[LONGER, 'span']:.0f}" if LONGER in rows.index else ""
    most = "Most" if row["density"] > 0.5 else "The smaller part"
    return (
        f"**{most} of what sets subjects apart in DrasCLR's features is the mean density of their lungs:** "
        f"{100 * row['density']:.0f} % of all differences follow it, along an arc of {row['span']:.0f} degrees{longer}."
    )


def _patches(table: pd.DataFrame) -> str:
    """What is true of a patch, read off its features."""
    told, behind = [], []
    for disease, part in table.groupby("disease", sort=False):
        rows = part.set_index("method")
        if not {OURS, "patch_histogram"} <= set(rows.index):
            continue
        behind.append(rows.loc["patch_histogram", "ahead_high"] < 0)
        others = {LONGER: "trained longer", "patch_histogram": "the patch's histogram", "patch_laa": "its LAA-950"}
        beside = ", ".join(f"{name} {rows.loc[one, 'r2']:.2f}" for one, name in others.items() if one in rows.index)
        told.append(f"{disease} R² {rows.loc[OURS, 'r2']:.2f} ({beside})")
    if not told:
        return ""
    return (
        f"**A patch's features hold {'clearly less' if all(behind) else 'not clearly less'} of its disease than its "
        f"histogram does.** True share of disease in a patch, read linearly: {'; '.join(told)}."
    )


def _room(table: pd.DataFrame) -> str:
    """How much there is to gain for survival (Table 3)."""
    means = table.pivot_table(index="metric", columns="method", values="mean", sort=False)
    if not {"confounders", "truth", OURS} <= set(means.columns):
        return ""
    names = [name for name in ("confounders", OURS, "spirometry", "bode", "truth") if name in means]
    told = [f"{metric} {', '.join(f'{row_of(name).name} {row[name]:.2f}' for name in names if pd.notna(row[name]))}"
            for metric, row in means.iterrows()]  # fmt: skip
    room = (means["truth"] - means["confounders"]).max()
    return (
        f"**Who knows the true disease, beside what needs no image, gains at most {room:.2f}.** "
        f"{_sentence('; '.join(told))}."
    )


def _detectors(table: pd.DataFrame) -> str:
    """The same loop from other weights, and what counts dark voxels (Table 5)."""
    table = table[table["rule"] == "voxels"] if "rule" in table else table
    f1 = table[table["metric"] == "F1"].pivot_table(index="task", columns="method", values="mean", sort=False)
    ours, laa = f"{OURS}_finetuned", "patch_laa"
    tuned = [name for name in f1.columns if name.endswith("_finetuned") and not name.startswith(OURS)]
    if not {ours, laa} <= set(f1.columns) or not tuned:
        return ""
    best = f1[tuned].max(axis="columns")
    higher, counted = int((best > f1[ours]).sum()), int((f1[laa] > best.combine(f1[ours], max)).sum())
    told = [f"{task} F1 {row[ours]:.2f} from DrasCLR, {best[task]:.2f} from {row_of(row[tuned].idxmax()).name}, "
            f"{row[laa]:.2f} by counting" for task, row in f1.iterrows()]  # fmt: skip
    return (
        f"**Tuned by the same loop, other weights score higher on {higher} of {len(f1)} subtypes; counting dark voxels "
        f"scores higher than all on {counted}.** {'; '.join(told)}."
    )


def _place(table: pd.DataFrame) -> str:
    """Tissue that is disease in one place and normal in another, the one thing that conditioning can add."""
    rows = table.set_index("method")
    if not {"drasclr_local", "no_conditioning"} <= set(rows.index):
        return ""
    names = ("no_conditioning", "concatenation", "hypernetwork", "drasclr_local", "location")
    without = rows.loc["no_conditioning"]
    better, worse = without["ahead_low"] > 0, without["ahead_high"] < 0
    said = "better than" if better else "less well than" if worse else "neither better nor less well than"
    alone = bool(rows.loc[rows.index.isin(names), "auc"].idxmax() == "location")
    told = [f"{row_of(name).name} {rows.loc[name, 'auc']:.2f}" for name in names if name in rows.index]
    return (
        f"**Loc-CondConv (here DrasCLR without neighbours) tells emphysema from its look-alikes {said} no conditioning "
        f"does**, the task that asks for the place: AUC {', '.join(told)}."
        + (" The place without any image does best: the task does not show that it helps to read tissue." * alone)
    )


EXPERIMENTS = (
    Experiment(("phenotypes", "supervised-gap", "survival-networks"), ("table2", "significance_table2"),
               "10_phenotypes", _training),
    Experiment(("phenotypes", "supervised-gap", "survival", "detection"), ("body_directions",), "17_body", _directions),
    Experiment(("phenotypes", "supervised-gap", "detection"), ("knows_readout",), "14_what_it_knows", _patches),
    Experiment(("survival",), ("table3",), "11_survival", _room),
    Experiment(("detection",), ("table5",), "20_emphysema", _detectors),
    Experiment(("conditioning",), ("table6_alike",), "30_conditioning", _place),
)  # fmt: skip
"""In the order in which they are told; a new one is a line here."""


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    """Means of methods (columns) by task and its first metric; without tasks that the true disease says nothing of."""
    firsts = table.drop_duplicates("task").set_index("task")["metric"]
    table = table[table["metric"] == table["task"].map(firsts)]
    scores = table.pivot_table(index=["task", "metric"], columns="method", values="mean", sort=False)
    return scores[scores["truth"] > scores["chance"]] if {"truth", "chance"} <= set(scores.columns) else scores


def _text(value: float, metric: str) -> str:
    return f"{value:.0f} %" if metric in PERCENT else f"{value:.2f}".replace("-", "−")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
