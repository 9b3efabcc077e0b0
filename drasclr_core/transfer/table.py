"""What the comparison of starts says: means over seeds, and how much more each training gives than random weights."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.evaluate.scorecard import CLAIM_VERDICTS
from drasclr_core.evaluate.scores import summarise
from drasclr_core.evaluate.statistics.significance import corrected_error
from drasclr_core.methods import row_of
from drasclr_core.transfer.compare import task_label
from drasclr_core.transfer.start import NETWORKS
from drasclr_core.transfer.task import TransferTask

LEVEL = 0.95


def tasks_table(scores: pd.DataFrame, tasks: Iterable[TransferTask]) -> pd.DataFrame:
    """Returns the mean over seeds with its interval: ``method, task, metric, mean, sd, low, high, folds, subjects``.

    Parameters
    ----------
    scores : DataFrame
        Of `compare_starts`, several tasks below one another.
    tasks : iterable of TransferTask

    The interval is Student's with the correction for training sets that overlap (Nadeau and Bengio 2003): the variance
    of the mean is (1 / J + n_test / n_train) s^2 over J seeds. NaN with one seed. It ends where scores end: at 0,
    and at 1 (a distance, of which less is better, has no upper end).
    """
    table = summarise(scores.dropna(subset="value"))
    reach = [_reach(part) for _, part in _groups(scores)]
    most = np.where(_less_is_better(table["metric"], tasks), np.inf, 1.0)
    return table.assign(low=(table["mean"] - reach).clip(lower=0), high=(table["mean"] + reach).clip(upper=most))


def gains(scores: pd.DataFrame, tasks: Iterable[TransferTask], against: Mapping[str, str] | None = None
          ) -> pd.DataFrame:  # fmt: skip
    """Returns how much better each start is than another, seed by seed on the same subjects and batches.

    Parameters
    ----------
    scores : DataFrame
        Of `compare_starts`, several tasks below one another.
    tasks : iterable of TransferTask
    against : mapping, optional
        Start -> the one that it is compared with; by default every start, and random weights of its own network.

    Returns
    -------
    DataFrame
        ``method, against, task, metric, share, gain, low, high, seeds``: the mean of the differences, positive where
        the method is better also where less is better, and its 95 % interval (see `tasks_table`).
    """
    tasks, randoms, rows = list(tasks), dict(NETWORKS.values()), []
    known = scores.set_index(["method", "task", "metric", "repeat", "fold"])["value"]
    for (method, task, metric), part in _groups(scores):
        other = randoms[part["network"].iloc[0]] if against is None else against.get(method, method)
        if other == method or other not in known:
            continue
        base = known[other].reindex(pd.MultiIndex.from_frame(part[["task", "metric", "repeat", "fold"]]))
        sign = -1.0 if _less_is_better([metric], tasks)[0] else 1.0
        part = part.assign(value=sign * (part["value"].to_numpy() - base.to_numpy())).dropna()
        if len(part):
            mean, reach = part["value"].mean(), _reach(part)
            rows.append((method, other, task, metric, part["share"].iloc[0], mean, mean - reach, mean + reach,
                         len(part)))  # fmt: skip
    columns = ["method", "against", "task", "metric", "share", "gain", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def gains_sentence(found: pd.DataFrame, tasks: Sequence[TransferTask], method: str, given: Collection[str] = ()) -> str:
    """Returns what the gains of one training say, of the first metric of each task with all labels, as Markdown.

    `given` are the names of tasks whose data are not simulated.
    """
    parts, above, below = [], 0, 0
    for task in tasks:
        here = found[found["method"].eq(method) & found["task"].eq(task.title) & found["metric"].eq(task.metrics[0])]
        for row in here.itertuples():
            above, below = above + (row.low > 0), below + (row.high < 0)
            unit = " mm" if row.metric in task.lower else ""
            ends = f" ({row.low:+.2f} to {row.high:+.2f})" if np.isfinite(row.low) else ""
            change = f"{row.gain:+.2f}{unit}{ends}".replace("-", "−")
            parts.append(f"{task.title.lower()}, {row.metric}: {change}")
    if not parts:
        return f"**This run cannot say what {row_of(method).name} brings: nothing was compared.**"
    seeds = int(found["seeds"].max())
    judged = f"better than random weights in {above} of {len(parts)} tasks and surely worse in {below}"
    lead = f"{row_of(method).name} is surely {judged}" if seeds > 1 else "One seed has no interval"
    made = [task.title.lower() for task in tasks if task.name not in given]
    data = f" Simulated data: {', '.join(made)}." if made else ""
    return (f"**{lead}, all labels.** The gains, with 95 % intervals over {seeds} seed{'s' * (seeds > 1)} of the same "
            f"net, data and steps: {'; '.join(parts)}.{data}")  # fmt: skip


def plain_sentence(found: pd.DataFrame, tasks: Sequence[TransferTask], method: str, plain: str) -> str:
    """Returns how many scores of a training, with all labels, are surely above or below those of a plain one, Markdown.

    `found` is from `gains` against plain trainings; scores of single structures do not count.
    """
    titles, pair = [task.title for task in tasks], found["method"].eq(method) & found["against"].eq(plain)
    here = found[pair & found["task"].isin(titles) & ~found["metric"].str.contains(":")]
    if not len(here):
        return (f"This run has not trained both {row_of(method).name} and {row_of(plain).name}: the abstract's claim "
                "about this plain 2D clustering cannot be judged here.")  # fmt: skip
    pair = f"{row_of(method).name} against {row_of(plain).name}"
    return (f"**{pair}**, with all labels: of {len(here)} scores, intervals lie above zero for "
            f"{int((here['low'] > 0).sum())} and below zero for {int((here['high'] < 0).sum())}.")  # fmt: skip


def claims_sentence(board: pd.DataFrame) -> str:
    """Returns which claims of the abstract a run reproduces, by `scorecard` of `paper.joint_claims`, as Markdown."""
    by_verdict = {verdict: board.loc[board["verdict"] == verdict, "short"].tolist() for verdict in CLAIM_VERDICTS}
    told = "; ".join(f"**{len(names)} {verdict}**" + (f" ({', '.join(names)})" if names else "")
                     for verdict, names in by_verdict.items())  # fmt: skip
    return f"What the abstract claims, by the rules of the scorecard: {told}."


def by_share(scores: pd.DataFrame, tasks: Sequence[TransferTask]) -> pd.DataFrame:
    """Returns the first score of each task by share of the labels, as `scores_along` draws it.

    Returns
    -------
    DataFrame
        ``task, metric, x`` (the share, in words), ``method, line`` (the start's name), ``value`` (mean over seeds),
        ``low, high`` (the lowest and highest seed).
    """
    parts = []
    for task in tasks:
        mine = scores["task"].isin([task_label(task.title, share) for share in scores["share"].unique()])
        here = scores[mine & scores["metric"].eq(task.metrics[0])].groupby(["share", "method"], sort=False)["value"]
        parts.append(here.agg(value="mean", low="min", high="max").reset_index().assign(
            task=task.title, metric=task.metrics[0].split(",")[0].replace(" abnormal", "")))  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table.assign(x=[f"{100 * share:g} %" for share in table["share"]],
                        line=[row_of(name).name for name in table["method"]])  # fmt: skip


def _less_is_better(metrics: Iterable[str], tasks: Iterable[TransferTask]) -> list[bool]:
    lower = {metric for task in tasks for metric in task.lower}
    return [metric.partition(":")[0] in lower for metric in metrics]


def _groups(scores: pd.DataFrame):
    known = scores.dropna(subset="value")
    return known.groupby(["method", "task", "metric"], sort=False)


def _reach(part: pd.DataFrame) -> float:
    """Half the length of the interval of a mean over seeds."""
    count = len(part)
    if count < 2:
        return float("nan")
    error = corrected_error(part["value"].to_numpy(), (part["n_test"] / part["n_train"]).mean())
    return float(stats.t.isf((1 - LEVEL) / 2, count - 1) * error)
