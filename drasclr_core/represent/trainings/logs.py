"""How the pretrainings of a cohort went, method by method: what they cost, how the loss fell, what a probe gained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from drasclr_core.files import read_json
from drasclr_core.methods import in_order, method_class, methods, row_of
from drasclr_core.model.weights import CONFIG, WEIGHTS
from drasclr_core.pretrain.budget import PACE
from drasclr_core.run import Run

LOG = "log.csv"
FEWEST = 40
"""Subjects from which on page 15 says in words what the probe reads."""
COST_COLUMNS = ("method", "steps", "shown", "seconds", "per_1000", "megabytes", "given")
CURVE_COLUMNS = ("method", "done", "loss", "relative")
PROBE_COLUMNS = ("method", "label", "before", "after")


def has_log(run: Run, name: str) -> bool:
    """Whether a training has ended here: of one that came from elsewhere there is no log."""
    return all((run.pretrain(name) / file).exists() for file in (CONFIG, LOG))


def trained_methods(run: Run) -> list[str]:
    """Returns the pretraining methods, by their own names, that have been trained, in the order of the tables."""
    there = (path.parent.name for path in run.pretrain().parent.glob(f"*/{CONFIG}"))
    return in_order(name for name in there if name in methods() and has_log(run, name))


def training_costs(run: Run, names: Sequence[str] = ()) -> pd.DataFrame:
    """Returns a row for each trained method, or for each of the trainings `names` that there are.

    Returns
    -------
    DataFrame
        ``method``; ``steps``; ``shown``, patches (or scans) of all steps, nearly; ``seconds``, of the whole training
        with reading, views, probe and log; ``per_1000``, seconds for a thousand patches shown; ``megabytes``, of the
        kept weights; ``given``, the minutes that the steps were counted for (see `budget.within`), NaN where none were.
    """
    rows = []
    for name in [one for one in names if has_log(run, one)] if names else trained_methods(run):
        log, about = pd.read_csv(run.pretrain(name) / LOG), read_json(run.pretrain(name) / CONFIG)
        steps, seconds = int(log["step"].iloc[-1]), float(log["seconds"].iloc[-1])
        shown = steps * about["patches_per_step"]
        size = (run.pretrain(name) / WEIGHTS).stat().st_size / 1e6
        given = read_json(run.pretrain(name) / PACE).get("minutes", float("nan"))
        rows.append((name, steps, shown, seconds, 1000 * seconds / shown, size, given))
    return pd.DataFrame(rows, columns=list(COST_COLUMNS))


def training_length(run: Run, name: str) -> str:
    """Returns how long a training was to last, ``600 steps`` or ``2 epochs``; empty where its encoder is not here."""
    settings = read_json(run.pretrain(name) / CONFIG).get("config", {})
    steps, epochs = settings.get("most_steps"), settings.get("epochs")
    return f"{steps} steps" if steps else f"{epochs} epochs" if epochs else ""


def lengths_sentence(lengths: Mapping[str, str]) -> str:
    """Returns in Markdown that trainings, with their `training_length`, are not equally long; empty where they are."""
    if len(set(lengths.values())) < 2:
        return ""
    each = ", ".join(f"{row_of(name).name} {length or 'of unknown length'}" for name, length in lengths.items())
    return f"**The trainings are not equally long ({each}): a difference may come from that.**"


def budget_sentence(costs: pd.DataFrame) -> str:
    """Returns in words for how long the trainings of `training_costs` were to last, Markdown."""
    given = costs["given"].dropna()
    if len(given) == len(costs) and given.nunique() == 1:
        low, high = costs["seconds"].min() / 60, costs["seconds"].max() / 60
        return (
            f"**Every method was given {given.iloc[0]:g} minutes**, by the pace of a trial. With reading, the "
            f"probe and whatever else the machine did, the trainings took {low:.1f} to {high:.1f} minutes."
        )
    return "**The methods were not given equal time**: their preset says how many steps each takes."


def training_curves(run: Run) -> pd.DataFrame:
    """Returns the watched loss of each trained method, smoothed over a thirtieth of the training.

    Returns
    -------
    DataFrame
        ``method``; ``done``, share of the steps; ``loss``; ``relative``, the loss divided by that of the first row.
    """
    parts = []
    for name in trained_methods(run):
        log = pd.read_csv(run.pretrain(name) / LOG)
        loss = log[next(iter(method_class(name).curves))]
        smooth = smoothed(loss)
        parts.append(pd.DataFrame({"method": name, "done": log["step"] / log["step"].iloc[-1], "loss": smooth,
                                   "relative": smooth / loss.iloc[0]}))  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CURVE_COLUMNS))


def below_guessing(run: Run, names: Sequence[str]) -> pd.DataFrame:
    """Returns by how much the losses of DrasCLR trainings end below guessing among the negatives that were there.

    Returns
    -------
    DataFrame
        ``method, loss`` (``local`` or ``neighbor``), ``below``, in nats: the mean over the last tenth of the log. Of
        `names` those without a log, or whose loss is no such choice, have no row; nor has a loss that is left out.
    """
    rows = []
    for name in names:
        if has_log(run, name):
            log = pd.read_csv(run.pretrain(name) / LOG)
            last = log.tail(max(1, len(log) // 10))
            known = {"chance"} <= set(last)
            losses = [loss for loss in ("local", "neighbor") if known and last.get(f"loss_{loss}", pd.Series(0)).any()]
            rows += [(name, loss, float((last["chance"] - last[f"loss_{loss}"]).mean())) for loss in losses]
    return pd.DataFrame(rows, columns=["method", "loss", "below"])


def smoothed(column: pd.Series) -> pd.Series:
    """Returns a column of a log as running means over a thirtieth of the training."""
    return column.rolling(max(1, len(column) // 30), min_periods=1).mean()


def probe_scores(run: Run, method: str) -> pd.DataFrame:
    """Returns what the online probe of a training found, by epoch; no row for labels that too few subjects have.

    Returns
    -------
    DataFrame
        ``epoch, step, label, r2`` as in ``probe.csv``. Empty where nothing was probed.
    """
    path = run.pretrain(method) / "probe.csv"
    scores = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["epoch", "step", "label", "r2"])
    return scores.dropna(subset="r2")


def probe_gains(run: Run) -> pd.DataFrame:
    """Returns what the online probe read from each method's encoder, untrained and trained.

    Returns
    -------
    DataFrame
        ``method, label``; ``before, after``, R² (see `pretrain.probe.probe`). Methods without a probe have no row.
    """
    rows = []
    for name in trained_methods(run):
        for label, scores in probe_scores(run, name).sort_values("step").groupby("label", sort=False):
            rows.append((name, label, scores["r2"].iloc[0], scores["r2"].iloc[-1]))
    return pd.DataFrame(rows, columns=list(PROBE_COLUMNS))


def count_raised(gains: pd.DataFrame) -> int:
    """Returns how many probes of `probe_gains` read more than before training, and more than the mean tells."""
    return int(((gains["after"] > gains["before"]) & (gains["after"] > 0)).sum())


def probe_sentence(gains: pd.DataFrame, label: str, subjects: int) -> str:
    """Returns in words what training added to what `probe_gains` found, for `label` or else the first label there is.

    Markdown, two sentences; of few subjects, that nothing can be said.
    """
    if not len(gains):
        return "No method has a probe here: the cohort has no numbers to report on."
    if subjects < FEWEST:
        return f"**{subjects} subjects are too few for the probe to tell anything**: {FEWEST} or more are. It is drawn."
    label = label if (gains["label"] == label).any() else gains["label"].iloc[0]
    part = gains[gains["label"] == label].assign(gain=lambda table: table["after"] - table["before"])
    best, most = part.loc[part["after"].idxmax()], part.loc[part["gain"].idxmax()]
    gained, highest = row_of(most["method"]).name, row_of(best["method"]).name
    return (
        f"**After training, the probe reads {label} better than the mean, and better than from the same network "
        f"untrained, from {count_raised(part)} of {len(part)} encoders**; the most by {gained} ({most['before']:.2f} "
        f"to {most['after']:.2f}). The highest R² at the end is that of {highest} ({best['after']:.2f}), on this quick "
        "look."
    )
