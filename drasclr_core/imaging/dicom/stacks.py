"""Parts the slices of a folder into stacks that can each be one volume: one series, one acquisition, one kernel."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pydicom

from drasclr_core.imaging.dicom.headers import Slice
from drasclr_core.imaging.dicom.spacing import is_even

ALIKE = 1e-3
"""Pixel sizes (mm) and direction cosines of one stack differ by less than this."""
SAME_MM = 0.05
"""Slices nearer to each other than this lie at one position; no scanner takes thinner steps."""
LEAST_SLICES = 3
"""Fewer slices than this that differ in a tag are no acquisition of their own."""
ACQUISITION = (
    ("AcquisitionNumber",), ("TemporalPositionIdentifier", "TemporalPositionIndex"), ("ConvolutionKernel",),
    ("ImageType",), ("NominalPercentageOfCardiacPhase",), ("TriggerTime",), ("KVP",), ("SliceThickness",),
    ("StudyInstanceUID",), ("PatientID",), ("AcquisitionDateTime", "AcquisitionTime"), ("ContentTime",),
)  # fmt: skip
"""Tags that tell acquisitions, phases and reconstructions of one series apart."""
CLOCKS = (("TriggerTime",), ("AcquisitionDateTime", "AcquisitionTime"), ("ContentTime",))
"""Those of them that may also change from slice to slice within an acquisition."""
ORDER = (("InstanceNumber",), ("AcquisitionDateTime", "AcquisitionTime"), ("ContentTime",), ("TriggerTime",))
"""Tags that order the slices of several passes."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Parallel slices of one series.

    Attributes
    ----------
    slices : list of Slice
    strays : list of Slice
        Of the same series, but with another size, pixel size or direction.
    """

    slices: Sequence[Slice]
    strays: Sequence[Slice] = ()

    @cached_property
    def normal(self) -> np.ndarray:
        """Unit vector [3] (LPS) in which positions are counted."""
        across = np.cross(*self.slices[0].numbers("ImageOrientationPatient").reshape(2, 3))
        return across / max(np.linalg.norm(across), 1e-9)

    def at(self, slices: Sequence[Slice]) -> np.ndarray:
        """Returns the positions [n] of slices along the normal, mm."""
        return np.array([one.numbers("ImagePositionPatient") for one in slices]).reshape(-1, 3) @ self.normal

    @cached_property
    def places(self) -> np.ndarray:
        """The number of each slice's position, int [n], counted from the lowest position."""
        positions = self.at(self.slices)
        order = np.argsort(positions, kind="stable")
        numbers = np.empty(len(order), dtype=int)
        numbers[order] = np.cumsum(np.diff(positions[order], prepend=positions[order][0]) > SAME_MM)
        return numbers

    @property
    def times(self) -> int:
        """How many slices lie at the position that has most."""
        return int(np.bincount(self.places).max())

    @property
    def repeats(self) -> int:
        """How many slices lie at a position that another one has."""
        return len(self.places) - len(set(self.places.tolist()))

    def part(self, members: Sequence[int]) -> Stack:
        """Returns the stack of some of the slices, by their index."""
        return Stack([self.slices[index] for index in members], self.strays)


def part_into_stacks(slices: Sequence[Slice]) -> list[Stack]:
    """Returns the stacks of the CT slices in a folder.

    A series is parted by what makes slices different images (size, pixel size, direction). It is parted further, by the
    first tag of `ACQUISITION` that does it, where slices of several values pass through each other or lie at the same
    positions; acquisitions that follow each other along the body stay together. Copies of a slice are left out. A
    stack that still has `repeats` cannot be read without mixing.
    """
    series = _grouped(slices, lambda one: str(one.get("SeriesInstanceUID")))
    single = [group[0] for group in series if len(group) == 1 and group[0].frame is None]  # a UID for every slice
    series = [group for group in series if len(group) > 1] + ([single] if single else [])
    return [stack for group in series for alike in _alike(group) for stack in _acquisitions(alike, ACQUISITION)]


def _grouped(items: Sequence, key: Callable[..., Hashable]) -> list[list]:
    groups: dict[Hashable, list] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _alike(series: Sequence[Slice]) -> list[Stack]:
    """Stacks of one size, pixel size and direction each."""
    groups: list[tuple[tuple, np.ndarray, list[Slice]]] = []
    for one in series:
        size = (one.get("Rows"), one.get("Columns"))
        shape = np.concatenate([one.numbers("PixelSpacing"), one.numbers("ImageOrientationPatient")])
        for other, found, members in groups:
            if other == size and np.allclose(shape, found, rtol=0, atol=ALIKE, equal_nan=True):
                members.append(one)
                break
        else:
            groups.append((size, shape, [one]))
    return [
        Stack(members, [one for _, _, others in groups if others is not members for one in others])
        for _, _, members in groups
    ]


def _acquisitions(stack: Stack, tags: tuple) -> list[Stack]:
    """The stack, parted by the first of the tags that parts it and then by the others."""
    for number, names in enumerate(tags):
        groups = _by_value(stack, names)
        parts = _joined(groups, stack.places)
        if stack.repeats:
            apart = len(parts) == stack.times or (names not in CLOCKS and min(map(len, groups)) >= LEAST_SLICES)
        else:
            large = [group for group in groups if len(group) >= LEAST_SLICES]
            apart = names not in CLOCKS and len(_joined(large, stack.places)) > 1
        if len(parts) > 1 and apart:
            return [one for part in parts for one in _acquisitions(stack.part(part), tags[number + 1 :])]
    return _passes(_without_copies(stack))


def _by_value(stack: Stack, names: tuple[str, ...]) -> list[list[int]]:
    """Indices of the slices with one value of a tag each, in order of the values."""
    values = [str(one.get(*names)) for one in stack.slices]
    try:
        keys = [(float(value) if value != "None" else -np.inf) for value in values]
    except ValueError:
        keys = values
    return _grouped(sorted(range(len(keys)), key=keys.__getitem__), keys.__getitem__)


def _joined(groups: Sequence[Sequence[int]], places: np.ndarray) -> list[list[int]]:
    """Groups of slices, those that follow each other along the body joined; they may share the position in between."""
    parts: list[list[int]] = []
    for group in groups:
        low, high = places[group].min(), places[group].max()
        if parts:
            first, last = places[parts[-1]].min(), places[parts[-1]].max()
            if low >= last < high or high <= first > low:
                parts[-1] += [index for index in group if places[index] not in (first, last)]
                continue
        parts.append(list(group))
    return parts


def _without_copies(stack: Stack) -> Stack:
    """The stack without slices that have the same pixels as another one at their position."""
    counts, seen, kept = Counter(stack.places.tolist()), set(), []
    for index, (one, place) in enumerate(zip(stack.slices, stack.places.tolist(), strict=True)):
        content = (place, _content(one) if counts[place] > 1 else "")
        if content not in seen:
            kept.append(index)
        seen.add(content)
    return stack.part(kept)


def _content(one: Slice) -> str:
    """Digest of a slice's pixels and of how they become HU; of a frame, its number."""
    if one.frame is not None:
        return f"{one.file} {one.frame}"
    try:
        pixels = pydicom.dcmread(one.file, force=True).PixelData
    except Exception:  # damaged: told when the stack is read
        return str(one.file)
    return hashlib.sha256(pixels).hexdigest() + f"{one.get('RescaleSlope')} {one.get('RescaleIntercept')}"


def _passes(stack: Stack) -> list[Stack]:
    """Stacks of slices that pass over the same positions one after the other, told by their order in number or time."""
    if len(stack.slices) < 2 or not (stack.repeats or not is_even(np.sort(stack.at(stack.slices)))):
        return [stack]
    for names in ORDER:
        try:
            order = sorted(range(len(stack.slices)), key=lambda index: _order(stack.slices[index], names))
        except (TypeError, ValueError):  # missing, or not a number
            continue
        runs = _joined(_runs(order, stack.places), stack.places)
        ranks = _ranks(order, stack.places, stack.times) if names == ("InstanceNumber",) else []
        if stack.repeats and len(runs) <= stack.times:
            return [stack.part(run) for run in runs]
        if stack.repeats and ranks and all(_numbered_evenly(stack, rank) for rank in ranks):
            return [stack.part(rank) for rank in ranks]
        if (
            not stack.repeats
            and 1 < len(runs) <= len(order) / LEAST_SLICES
            and all(is_even(np.sort(stack.at(stack.part(run).slices))) for run in runs if len(run) > 1)
        ):  # passes between each other's slices
            return [stack.part(run) for run in runs]
    return [stack]


def _order(one: Slice, names: tuple[str, ...]) -> tuple[float, float]:
    return float(str(one.get(*names))), float(str(one.get("InstanceNumber") or 0))


def _runs(order: list[int], places: np.ndarray) -> list[list[int]]:
    """Slices in order, cut where they turn round or stand still."""
    runs: list[list[int]] = []
    direction = 0
    for index in order:
        step = np.sign(places[index] - places[runs[-1][-1]]) if runs else 0
        if step == 0 or (len(runs[-1]) > 1 and step != direction):
            runs.append([])
        else:
            direction = step
        runs[-1].append(index)
    return runs


def _ranks(order: list[int], places: np.ndarray, times: int) -> list[list[int]]:
    """The first, second ... slice of every position; empty where positions have different numbers of them."""
    by_place = _grouped(order, lambda index: int(places[index]))
    return [list(rank) for rank in zip(*by_place, strict=True)] if {*map(len, by_place)} == {times} else []


def _numbered_evenly(stack: Stack, members: list[int]) -> bool:
    """Whether the slices' numbers rise or fall evenly along the stack."""
    along = sorted(members, key=lambda index: stack.places[index])
    return len(set(np.diff([int(str(stack.slices[index].get("InstanceNumber"))) for index in along]).tolist())) == 1
