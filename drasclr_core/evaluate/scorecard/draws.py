"""How many bootstrap draws a table needs, so that the claims about it can be judged."""

from __future__ import annotations

from drasclr_core import paper
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.statistics.intervals import draws_needed


def draws_for(stem: str, asked: int = 0) -> int:
    """Returns the number of bootstrap draws for the table whose result files begin with `stem`.

    It is `asked`, or if that is 0 what the claim with the most comparisons about this table needs (`draws_needed`).
    Every table decides its number here.
    """
    if asked:
        return asked
    table = comparisons(paper.claims())
    sizes = table[table["file"] == stem].groupby("id").size()
    return draws_needed(int(sizes.max()) if len(sizes) else 1)
