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
    file : str
        The result file that holds it, without ``.csv``.
    page : str
        The notebook that shows it.
    found : callable
        What its table says, in Markdown; empty where the table lacks the rows.
    """

    claims: tuple[str, ...]
    file: str
    page: str
    found: Callable[[pd.DataFrame], str]


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
        path = Path(results) / f"{experiment.file}.csv"
        text = experiment.found(pd.read_csv(path)) if about and path.exists() else ""
        if text:
            explained |= {claim["id"] for claim in about}
            number = experiment.page.partition("_")[0]
            bears = "; ".join(claim["short"] for claim in about)
            parts.append(f"- {text} See notebook {number}. *Bears on: {bears}.*")
    left = "; ".join(claim["short"] for claim in failed if claim["id"] not in explained)
    if left:
        parts.append(f"- **No experiment of this run says why:** {left}.")
    return "\n".join(parts) or "No claim of this scorecard is *not reproduced*."


def _training(table: pd.DataFrame) -> str:
    """More steps of the same recipe (Table 2)."""
    scores = _scores(table)
    if not {OURS, LONGER} <= set(scores.columns):
        return ""
    made = [name for name in scores.columns if row_of(name).group == "hand-made features"]
    told = [
        f"{label(*key)} {_text(row[OURS], key[1])} → {_text(row[LONGER], key[1])}" for key, row in scores.iterrows()
    ]
    gained = int((scores[LONGER] > scores[OURS]).sum())
    lead = "Too few steps are a part of it" if 2 * gained > len(scores) else "More steps do not help"
    text = (
        f"**{lead}.** Trained longer by the same recipe, DrasCLR is better in {gained} of {len(scores)} scores "
        f"({'; '.join(told)})"
    )
    if made:
        best = scores[made].max(axis="columns")
        before, after = (int((scores[name] > best).sum()) for name in (OURS, LONGER))
        text += f"; ahead of the best hand-made row it is in {before} of them, and then in {after}"
    return text + "."


def _patches(table: pd.DataFrame) -> str:
    """What is true of a patch, read off its features."""
    told, behind = [], []
    for disease, part in table.groupby("disease", sort=False):
        r2 = part.set_index("method")["r2"]
        if not {OURS, "patch_histogram"} <= set(r2.index):
            continue
        behind.append(r2["patch_histogram"] > r2[OURS])
        others = {LONGER: "trained longer", "patch_histogram": "the patch's histogram", "patch_laa": "its LAA-950"}
        beside = ", ".join(f"{name} {r2[one]:.2f}" for one, name in others.items() if one in r2)
        told.append(f"{disease} R² {r2[OURS]:.2f} ({beside})")
    if not told:
        return ""
    what = "already missing in the features of a patch" if all(behind) else "not missing in the features of a patch"
    return f"**What the tables miss is {what}.** True share of disease in a patch, read linearly: {'; '.join(told)}."


def _room(table: pd.DataFrame) -> str:
    """How much there is to gain for survival (Table 3)."""
    means = table.pivot_table(index="metric", columns="method", values="mean", sort=False)
    if not {"confounders", "truth", OURS} <= set(means.columns):
        return ""
    told = []
    for metric, row in means.dropna(subset=["confounders", "truth", OURS]).iterrows():
        known = [f"{row_of(name).name} {row[name]:.2f}" for name in ("spirometry", "bode") if name in row.dropna()]
        beside = "".join(f", {one}" for one in known)
        told.append(f"{metric}: {row['confounders']:.2f} without any image, {row[OURS]:.2f} with DrasCLR{beside}, "
                    f"{row['truth']:.2f} for who knows the disease")  # fmt: skip
    width = (table["high"] - table["low"])[table["method"] == OURS].mean() / 2
    room = (means["truth"] - means["confounders"]).max()
    return (
        f"**There is {'little' if room < 2 * width else 'some'} room.** {_sentence('; '.join(told))}. The interval "
        f"of one row reaches {width:.2f} to each side."
    )


def _detectors(table: pd.DataFrame) -> str:
    """The same loop from other weights, and what counts dark voxels (Table 5)."""
    table = table[table["rule"] == "voxels"] if "rule" in table else table
    f1 = table[table["metric"] == "F1"].pivot_table(index="task", columns="method", values="mean", sort=False)
    ours, laa = f"{OURS}_finetuned", "patch_laa"
    tuned = [name for name in f1.columns if name.endswith("_finetuned") and not name.startswith(OURS)]
    if not {ours, laa} <= set(f1.columns) or not tuned:
        return ""
    told = []
    for task, row in f1.iterrows():
        best = row[tuned].idxmax()
        told.append(f"{task.lower()} F1 {row[ours]:.2f} from DrasCLR, {row[best]:.2f} from {row_of(best).name}, "
                    f"{row[laa]:.2f} by counting dark voxels")  # fmt: skip
    best = f1[tuned].max(axis="columns")
    loop, counted = (best > f1[ours]).all(), (f1[laa] > f1[[ours, *tuned]].max(axis="columns")).all()
    lead = "Other weights do better in the same loop" if loop else "Other weights do no better in this loop"
    return (
        f"**{lead}; {'counting is better still' if counted else 'so does no counting'}.** {_sentence('; '.join(told))}."
    )


def _place(table: pd.DataFrame) -> str:
    """Tissue that is disease in one place and normal in another, the one thing that conditioning can add."""
    auc = table.set_index("method")["auc"]
    if not {"drasclr_local", "no_conditioning"} <= set(auc.index):
        return ""
    ahead = table.set_index("method").loc["no_conditioning", "ahead_low"] > 0
    names = [
        one for one in ("no_conditioning", "concatenation", "hypernetwork", "drasclr_local", "location") if one in auc
    ]
    return (
        f"**Conditioned kernels {'have' if ahead else 'have not'} learnt the place.** Conditioning can help where "
        "place and tissue say something together: emphysema and its look-alikes are told apart with an AUC of "
        f"{', '.join(f'{auc[one]:.2f} ({row_of(one).name})' for one in names)}."
    )


EXPERIMENTS = (
    Experiment(("phenotypes", "supervised-gap", "survival-networks"), "table2", "10_phenotypes", _training),
    Experiment(("phenotypes", "supervised-gap", "detection"), "knows_readout", "14_what_it_knows", _patches),
    Experiment(("survival",), "table3", "11_survival", _room),
    Experiment(("detection",), "table5", "20_emphysema", _detectors),
    Experiment(("conditioning",), "table6_alike", "30_conditioning", _place),
)
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
