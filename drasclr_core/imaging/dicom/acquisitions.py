"""Parts a stack by acquisition, phase and reconstruction, so that slices of several are never mixed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pydicom

from drasclr_core.imaging.dicom.headers import Slice
from drasclr_core.imaging.dicom.spacing import combs
from drasclr_core.imaging.dicom.stacks import Stack, grouped

LEAST = 3
"""Fewer slices than this that differ in a tag are no acquisition of their own."""
MOST = 4
"""More passes than this between each other's slices are none, but slices in another order."""
SLABS = (("AcquisitionNumber",), ("AcquisitionDateTime", "AcquisitionTime"), ("ContentTime",))
"""Tags of which one volume may have several values, one after the other along the body."""
CLOCKS = (("TriggerTime",), *SLABS[1:])
"""Tags that may change from slice to slice within an acquisition."""
TAGS = (
    SLABS[0], ("TemporalPositionIdentifier", "TemporalPositionIndex"), ("ConvolutionKernel",), ("ImageType",),
    ("NominalPercentageOfCardiacPhase",), ("KVP",), ("SliceThickness",), ("StudyInstanceUID",), ("PatientID",), *CLOCKS,
)  # fmt: skip
"""Tags that tell acquisitions, phases and reconstructions of one series apart."""
ORDER = (("InstanceNumber",), *CLOCKS)
"""Tags that order the slices of several passes."""


def part_by_acquisition(stack: Stack) -> list[Stack]:
    """Returns the stack in parts that each are one acquisition, phase and reconstruction.

    It is parted by the first of the tags whose values lie at the same positions or pass through each other, then by the
    others; values that follow each other along the body stay together. Copies of a slice are left out, and what no tag
    tells apart is parted by the order of numbers or times. A part that still has `repeats` cannot be read.
    """
    return _by_tags(_without_copies(stack), TAGS)


def _by_tags(stack: Stack, tags: tuple) -> list[Stack]:
    for number, names in enumerate(tags):
        groups = _by_value(stack, names)
        parts = _joined(groups, stack.places, names in SLABS)
        if sum(map(len, parts)) < len(stack.slices) or len(parts) > 1:
            large = [group for group in groups if len(group) >= LEAST]
            if _are_acquisitions(stack, names, groups, parts, _joined(large, stack.places, names in SLABS)):
                return [one for part in _parts(stack, parts) for one in _by_tags(part, tags[number + 1 :])]
    return _passes(stack)


def _are_acquisitions(stack: Stack, names: tuple[str, ...], groups: list, parts: list, passes: list) -> bool:
    """Whether what a tag parts are acquisitions: that of the slices, `groups`, which are `parts` when joined along the
    body, and of those without small groups, `passes`."""
    if stack.repeats:
        return len(parts) <= stack.times or (names not in CLOCKS and min(map(len, groups)) >= LEAST)
    if names in CLOCKS:
        return 1 < len(passes) <= MOST and (len(groups) <= MOST or not stack.is_even)
    return len(passes) > 1 or (len(parts) == 1 and min(map(len, groups)) >= LEAST)


def _parts(stack: Stack, groups: list[list[int]]) -> list[Stack]:
    """The stack in groups of slices, and one of those that are in no group."""
    left = sorted({*range(len(stack.slices))}.difference(*groups))
    return stack.parts([*groups, left] if left else groups)


def _by_value(stack: Stack, names: tuple[str, ...]) -> list[list[int]]:
    """Indices of the slices with one value of a tag each, in order of the values."""
    values = [str(one.get(*names)) for one in stack.slices]
    try:
        keys = [-np.inf if value == "None" else float(value) for value in values]
    except ValueError:
        keys = values
    return grouped(sorted(range(len(keys)), key=keys.__getitem__), keys.__getitem__)


def _joined(groups: Sequence[Sequence[int]], places: np.ndarray, slabs: bool = True) -> list[list[int]]:
    """Groups of slices, those that follow each other along the body or fill a hole joined.

    They may share the position in between; `slabs` may share up to half of their slices, of which the first's count.
    """
    parts: list[list[int]] = []
    for group in groups:
        low, high = places[group].min(), places[group].max()
        if parts:
            own = places[parts[-1]]
            beyond = [index for index in group if not own.min() <= places[index] <= own.max()]
            between = np.count_nonzero((own >= low) & (own <= high))
            touch = high <= own.min() or low >= own.max()
            overlap = (low > own.min() or high < own.max()) and 2 * min(len(beyond), len(own) - between) >= len(group)
            if not between and len(group) >= LEAST:
                beyond = group
            if beyond and (touch or (slabs and overlap) or beyond is group):
                parts[-1] += beyond
                continue
        parts.append(list(group))
    return parts


def _without_copies(stack: Stack) -> Stack:
    """The stack without slices that have the same pixels as another one at their position."""
    counts, seen, kept = np.bincount(stack.places), set(), []
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
    return hashlib.sha256(pixels).hexdigest() + f" {one.get('RescaleSlope')} {one.get('RescaleIntercept')}"


def _passes(stack: Stack) -> list[Stack]:
    """Parts that pass over the same positions one after the other, or lie between each other's slices."""
    if not stack.repeats and stack.is_even:
        return [stack]
    orders = [order for names in ORDER if (order := _in_order(stack, names))]
    for order in sorted(orders, key=lambda order: len(_runs(order, stack.places))):
        runs = _runs(order, stack.places)
        passes = _joined(runs, stack.places)
        if len(runs) == 1:
            return [stack]
        if stack.repeats:
            ranks = _ranks(order, stack.places, stack.times)
            if len(passes) <= stack.times <= len(runs) <= max(MOST, stack.times):
                return _parts(stack, passes)
            if ranks and all(_numbered_evenly(stack, rank) for rank in ranks):
                return stack.parts(ranks)
        elif len(passes) > 1 and len(runs) <= MOST and min(map(len, passes)) >= LEAST:
            return _parts(stack, passes)
    order = np.argsort(stack.positions)
    between = [] if stack.repeats else combs(stack.positions[order])
    return stack.parts([order[comb] for comb in between]) or [stack]


def _in_order(stack: Stack, names: tuple[str, ...]) -> list[int]:
    """Indices of the slices in order of a tag, and then of their numbers; empty where a slice has none."""
    try:
        keys = [(float(str(one.get(*names))), float(str(one.get("InstanceNumber") or 0))) for one in stack.slices]
    except ValueError:
        return []
    return sorted(range(len(keys)), key=keys.__getitem__)


def _runs(order: list[int], places: np.ndarray) -> list[list[int]]:
    """Slices in order, cut where they turn round or stand still."""
    runs: list[list[int]] = []
    direction = 0
    for index in order:
        step = np.sign(places[index] - places[runs[-1][-1]]) if runs else 0
        if step == 0 or (len(runs[-1]) > 1 and step != direction):
            runs.append([])
        direction = step
        runs[-1].append(index)
    return runs


def _ranks(order: list[int], places: np.ndarray, times: int) -> list[list[int]]:
    """The first, second ... slice of every position; empty where positions have different numbers of them."""
    by_place = grouped(order, lambda index: int(places[index]))
    return [list(rank) for rank in zip(*by_place, strict=True)] if {*map(len, by_place)} == {times} else []


def _numbered_evenly(stack: Stack, members: list[int]) -> bool:
    """Whether the slices' instance numbers rise or fall by the same step along the stack, which others lie between."""
    along = sorted(members, key=lambda index: stack.places[index])
    try:
        numbers = [int(str(stack.slices[index].get("InstanceNumber"))) for index in along]
    except ValueError:
        return False
    steps = set(np.diff(numbers).tolist())
    return len(steps) == 1 and abs(steps.pop()) == stack.times
