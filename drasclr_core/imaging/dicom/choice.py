"""Chooses which stack of slices in a folder is read, by a rule, and says what was left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drasclr_core.imaging.dicom.acquisitions import part_by_acquisition
from drasclr_core.imaging.dicom.checks import check_stack, placed_ct
from drasclr_core.imaging.dicom.headers import Slice
from drasclr_core.imaging.dicom.kernels import is_known, kernel_of, sharpness
from drasclr_core.imaging.dicom.stacks import Stack, parallel_stacks
from drasclr_core.imaging.refusal import refusal

RULE = "most slices, then no gap, original, soft kernel, first acquired"
NEARLY = 0.9
"""A stack with this part of the most slices counts as one with as many; then the rule's next points decide."""
FIRST = (
    ("AcquisitionNumber",), ("TemporalPositionIdentifier", "TemporalPositionIndex"), ("AcquisitionTime",),
    ("ContentTime",), ("TriggerTime",), ("NominalPercentageOfCardiacPhase",), ("SeriesNumber",), ("InstanceNumber",),
)  # fmt: skip
"""Of the stack that was acquired first the first of these is the smallest."""
NAMED = 3
"""So many stacks that were left are named."""


def choose_stack(path: Path, slices: Sequence[Slice]) -> tuple[Stack, str]:
    """Returns the stack of CT slices to read, in order of position, and a sentence on what was left ("": nothing).

    Raises
    ------
    VolumeError
        The folder holds no CT slices, scans of several patients, or slices that cannot be told apart.
    """
    every = [part for stack in parallel_stacks(placed_ct(path, slices)) for part in part_by_acquisition(stack)]
    stacks = [stack for stack in every if stack.levels.any()]
    if not stacks:
        raise refusal(path, "fewer than two CT slices with a position in one series", "Export the whole axial series")
    patients = {_patient(stack.slices[0]) for stack in stacks}
    if len(patients) > 1:
        raise refusal(path, f"scans of {len(patients)} patients in one folder", "Give one folder for each")
    most = max(map(_count, stacks))
    chosen = min(stacks, key=lambda stack: _rank(stack, most))
    chosen = chosen.part(np.argsort(chosen.positions))
    check_stack(path, chosen)
    return chosen, _note(chosen, [stack for stack in every if stack.slices[0] not in chosen.slices])


def _patient(one: Slice) -> str:
    """The patient's identifier; where it is blank, every study may be of another patient."""
    return str(one.get("PatientID") or "").strip() or f"study {one.get('StudyInstanceUID')}"


def _count(stack: Stack) -> int:
    return len(stack.slices) - stack.repeats


def _rank(stack: Stack, most: int) -> tuple:
    """Smaller is better."""
    first, few = stack.slices[0], _count(stack) < NEARLY * most
    return (
        few,
        -_count(stack) if few else 0,
        stack.repeats > 0,
        not stack.is_even,
        "ORIGINAL" not in (first.get("ImageType") or "ORIGINAL"),
        sharpness(kernel_of(first)),
        -_count(stack),
        *(min(_number(one, *names) for one in stack.slices) for names in FIRST),
    )


def _number(one: Slice, *names: str) -> float:
    try:
        return float(str(one.get(*names)))
    except ValueError:
        return np.inf


def _note(chosen: Stack, left: list[Stack]) -> str:
    single = sum(len(stack.slices) for stack in left if len(stack.slices) == 1)
    stacks = [_named(stack) for stack in left if len(stack.slices) > 1]
    words = stacks[:NAMED] + ([f"{len(stacks) - NAMED} stacks more"] if len(stacks) > NAMED else [])
    words += [f"{single} single slices"] if single else []
    kind = f"of {len(stacks) + 1} stacks of slices one was read" if stacks else "not all slices were read, but"
    return f"{kind}: {_named(chosen)} ({RULE}); left out: {'; '.join(words)}" if words else ""


def _named(stack: Stack) -> str:
    """A stack in words that hold nothing that could be a name."""
    kernel, acquisition = kernel_of(stack.slices[0]), _number(stack.slices[0], "AcquisitionNumber")
    words = [f"{len(stack.slices)} slices"]
    words += [f"kernel {kernel}"] if is_known(kernel) else []
    alone = len({_number(one, "AcquisitionNumber") for one in stack.slices}) == 1
    return ", ".join(words + ([f"acquisition {acquisition:g}"] if alone and np.isfinite(acquisition) else []))
