"""Whether detectors beat what knows nothing of pretraining: the place, a threshold, a network from scratch."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from drasclr_core.evaluate.statistics.intervals import paired_difference
from drasclr_core.methods import row_of

CONTROLS = ("location", "patch_laa", "patch_cnn")
"""The place alone, the share below -950 HU alone, and a CNN that begins with random weights."""
COLUMNS = ["method", "against", "task", "metric", "value", "value_against", "difference", "low", "high", "verdict"]


def compare_with_controls(
    draws: pd.DataFrame, methods: Sequence[str], controls: Sequence[str] = CONTROLS
) -> pd.DataFrame:
    """Returns the difference of every method from every control, with an interval, for every task.

    Parameters
    ----------
    draws : DataFrame
        ``method, task, metric, draw, value`` of one metric, all methods on the same draws (`average_precision_draws`).
    methods, controls : sequence of str
        Controls that are not in the draws are left out.

    Returns
    -------
    DataFrame
        ``method, against, task, metric``; ``value, value_against``; ``difference, low, high``, the interval at
        100 - 5 / k % (Bonferroni over the k controls), by `paired_difference`; ``verdict``: ``better`` where the
        interval lies above 0, ``worse`` where below, else ``open``.
    """
    metric = draws["metric"].iloc[0]
    wide = draws.pivot(index="draw", columns=["task", "method"], values="value")
    rows = []
    for task in dict.fromkeys(draws["task"]):
        there = [control for control in controls if (task, control) in wide]
        for method in methods:
            for control in there:
                one, two = wide[task, method], wide[task, control]
                found = paired_difference(one, two, metric, comparisons=len(there))
                if found is not None:
                    verdict = "better" if found.low > 0 else "worse" if found.high < 0 else "open"
                    rows.append((method, control, task, metric, one[-1], two[-1], *found[:3], verdict))
    return pd.DataFrame(rows, columns=COLUMNS)


def controls_answer(comparison: pd.DataFrame, method: str) -> str:
    """Returns one sentence: which controls a method is clearly better than, and for which task, by their intervals.

    `comparison` is from `compare_with_controls`.
    """
    own = comparison[comparison["method"] == method]
    sides = {verdict: [_against(control, here, verdict) for control, here in own.groupby("against", sort=False)
                       if (here["verdict"] == verdict).any()] for verdict in ("better", "worse")}  # fmt: skip
    said = [f"clearly {verdict} than {' and '.join(found)}" for verdict, found in sides.items() if found]
    if not sides["better"]:
        names = ", ".join(f"*{row_of(control).name}*" for control in dict.fromkeys(own["against"]))
        said.insert(0, f"clearly better than none of its controls ({names})")
    return f"On boxes of unseen subjects *{row_of(method).name}* is {', and '.join(said)}, by average precision."


def _against(control: str, here: pd.DataFrame, verdict: str) -> str:
    tasks = [task.lower() for task in here.loc[here["verdict"] == verdict, "task"]]
    return f"*{row_of(control).name}* for {' and '.join(tasks)}"
