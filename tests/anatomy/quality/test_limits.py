"""Each limit judges, and the book's table is made of these limits."""

import os
import re
from math import inf
from pathlib import Path

import pandas as pd
import pytest

from drasclr_core.anatomy.quality import LIMITS, judge
from drasclr_core.run import project_root

from .good import GOOD


@pytest.mark.parametrize(
    "name", ["volume_l", "left_to_right", "mean_hu", "slice_mm", "dice", "landmarks_inside", "shear"]
)
def test_every_measure_can_refuse(name):
    limit = next(limit for limit in LIMITS if limit.measure == name)
    assert judge(GOOD).verdict == "ok"
    for ends in (0, 1):
        beyond, between = limit.usable[ends], (limit.usable[ends] + limit.good[ends]) / 2
        if beyond != limit.good[ends]:
            sign = 1 if ends else -1
            assert judge(GOOD | {name: beyond + sign * 0.01}).verdict == "refused"
            judged = judge(GOOD | {name: between})
            assert judged.verdict == "review" and len(judged.reasons) == 1


def inside(low, high):
    return f"{low:g} or more" if high == inf else f"{low:g}" if low == high else f"{low:g} to {high:g}"


def outside(low, high):
    """What is refused, in words; what starts at 0 cannot be below."""
    below = [f"below {low:g}"] if low > -inf and low != 0 else []
    return " or ".join(below + ([f"above {high:g}"] if high < inf else [])) or "never"


def test_the_books_table_of_limits_is_the_one_that_judges():
    """With `$DRASCLR_LIMITS_TABLE` set it is also written there; n stands for the number."""
    rows = [[limit.measure, inside(*limit.good), outside(*limit.usable), re.sub(r"\{:[^}]*\}", "n", limit.reason),
             limit.basis] for limit in LIMITS]  # fmt: skip
    table = pd.DataFrame(rows, columns=["measure", "ok", "refused", "reason", "basis"]).to_csv(index=False)
    if path := os.environ.get("DRASCLR_LIMITS_TABLE"):
        Path(path).write_text(table, encoding="utf-8")
    assert (project_root(__file__) / "book" / "_data" / "quality_limits.csv").read_text(encoding="utf-8") == table
