"""How a method looks in every table and figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GROUPS = {100: "no image", 200: "hand-made features", 325: "trained on the labels", 500: "learned without the labels",
          590: "ablations", 700: "DrasCLR", 1000: "clinical measurements", 1100: "ceilings"}  # fmt: skip
"""Rows with an order below the number, and not below the one before, belong to the group."""


@dataclass(frozen=True)
class Row:
    """The row of a method.

    Attributes
    ----------
    name : str
        Its name on a page.
    color : str
        Its colour in every figure, ``#rrggbb``.
    order : int
        Rows of a table come in this order; it also says the `group`.
    paper : mapping of str to str
        What the paper calls it in each of its tables (``table2`` …); where a heading spans rows, ``heading: row``.
    """

    name: str
    color: str
    order: int
    paper: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Which of `GROUPS` the row belongs to."""
        return next(group for below, group in GROUPS.items() if self.order < below)

    @property
    def is_method(self) -> bool:
        """Whether it is a way to describe a subject: chance sees nothing, and a ceiling knows the truth."""
        return self.group not in ("no image", "ceilings")
