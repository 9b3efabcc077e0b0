"""Stacks of parallel slices, and how the slices of a folder are parted into stacks that can each be one volume."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drasclr_core.imaging.dicom.headers import Slice
from drasclr_core.imaging.dicom.spacing import is_even

ALIKE = 1e-3
"""Pixel sizes (mm) and direction cosines of one stack differ by less than this."""
SAME_MM = 0.05
"""Slices nearer to each other than this lie at one position; no scanner takes thinner steps."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Parallel slices of one series.

    Attributes
    ----------
    slices : sequence of Slice
    strays : sequence of Slice
        Of the same series, but with another size, pixel size or direction.
    """

    slices: Sequence[Slice]
    strays: Sequence[Slice] = ()

    @cached_property
    def normal(self) -> np.ndarray:
        """Unit vector [3] (LPS) along which positions are counted."""
        across = np.cross(*self.slices[0].numbers("ImageOrientationPatient").reshape(2, 3))
        return across / np.linalg.norm(across)

    def at(self, slices: Sequence[Slice]) -> np.ndarray:
        """Returns the positions [n] of slices along the normal, mm."""
        return np.array([one.numbers("ImagePositionPatient") for one in slices]) @ self.normal

    @cached_property
    def positions(self) -> np.ndarray:
        """Positions [n] of the stack's own slices, mm."""
        return self.at(self.slices)

    @cached_property
    def places(self) -> np.ndarray:
        """The number of each slice's position, int [n], counted from the lowest."""
        order = np.argsort(self.positions, kind="stable")
        numbers = np.empty(len(order), dtype=int)
        numbers[order] = np.cumsum(np.diff(self.positions[order], prepend=self.positions[order][0]) > SAME_MM)
        return numbers

    @property
    def times(self) -> int:
        """How many slices lie at the position that has most."""
        return int(np.bincount(self.places).max())

    @property
    def repeats(self) -> int:
        """How many slices lie at a position that another one has."""
        return len(self.places) - 1 - int(self.places.max())

    @cached_property
    def is_even(self) -> bool:
        """Whether the slices lie at equal steps."""
        return is_even(np.sort(self.positions))

    def part(self, members: Sequence[int]) -> Stack:
        """Returns the stack of some of the slices, by their index."""
        return Stack([self.slices[index] for index in members], self.strays)

    def parts(self, groups: Sequence[Sequence[int]]) -> list[Stack]:
        """Returns a stack for each group of slices, by their index."""
        return [self.part(members) for members in groups]


def grouped(items: Sequence, key: Callable[..., Hashable]) -> list[list]:
    """Returns the items that have one key each, in order of appearance."""
    groups: dict[Hashable, list] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def parallel_stacks(slices: Sequence[Slice]) -> list[Stack]:
    """Returns stacks of one series, size, pixel size and direction each.

    Where every slice names a series of its own, the series is what these slices have else in common.
    """
    stacks = [stack for series in grouped(slices, lambda one: str(one.get("SeriesInstanceUID")))
              for stack in _alike(series)]  # fmt: skip
    thick = [stack for stack in stacks if stack.places.any()]
    flat = [one for stack in stacks if not stack.places.any() for one in stack.slices]
    return thick + _alike(flat)


def _alike(slices: Sequence[Slice]) -> list[Stack]:
    groups: list[tuple[np.ndarray, list[Slice]]] = []
    for one in slices:
        shape = [(one.get("Rows"), one.get("Columns")), one.numbers("PixelSpacing"),
                 one.numbers("ImageOrientationPatient")]  # fmt: skip
        shape = np.concatenate(shape).astype(float)
        for found, members in groups:
            if np.abs(shape - found).max() < ALIKE:
                members.append(one)
                break
        else:
            groups.append((shape, [one]))
    return [
        Stack(members, [one for _, others in groups if others is not members for one in others])
        for _, members in groups
    ]
