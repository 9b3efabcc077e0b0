"""What slices need before they can be read as one volume, each with the message for what lacks it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drasclr_core.imaging.dicom.headers import Slice
from drasclr_core.imaging.dicom.spacing import GAP
from drasclr_core.imaging.dicom.stacks import ALIKE, SAME_MM, Stack
from drasclr_core.imaging.refusal import refusal

MODALITIES = ("CR", "DX", "MG", "MR", "NM", "OT", "PR", "PT", "REG", "RTDOSE", "RTPLAN", "RTSTRUCT", "SC", "SEG", "SR",
              "US", "XA")  # fmt: skip
"""Codes that a message may show."""
SIDEWAYS_MM = 1.0
"""Slices of one stack lie on a straight line, within this or a pixel."""
AGAIN = "Export the series again"


def placed_ct(path: Path, slices: Sequence[Slice]) -> list[Slice]:
    """Returns the CT slices that have a place in space.

    Raises
    ------
    VolumeError
        There are fewer than two, or one lacks size, pixel size, position or direction.
    """
    ct = [one for one in slices if one.get("Modality") == "CT"]
    if not ct:
        # What stands in the place of a modality and is none may be a name.
        found = {str(one.get("Modality")) for one in slices}
        kinds = ", ".join(sorted({kind if kind in MODALITIES else "unknown" for kind in found}))
        raise refusal(path, f"not CT but {kinds}", "Give the folder of a CT series")
    ct = [one for one in ct if "LOCALIZER" not in (one.get("ImageType") or ())]
    if not ct:
        raise refusal(path, "only a localiser (scout view)", "Give the folder of the axial series")
    placed = [one for one in ct if one.get("ImagePositionPatient") and one.get("ImageOrientationPatient")]
    if len(placed) < 2:
        raise refusal(path, "fewer than two CT slices with a position", "Give the folder of the whole axial series")
    for one in placed:
        for tag in ("Rows", "Columns"):
            if not one.get(tag):
                raise refusal(path, f"{tag} is missing in a slice", AGAIN)
        for tag in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            if not np.isfinite(one.numbers(tag)).all():
                raise refusal(path, f"{tag} is missing or damaged in a slice", AGAIN)
        if not np.cross(*one.numbers("ImageOrientationPatient").reshape(2, 3)).any():
            raise refusal(path, "ImageOrientationPatient has parallel axes", AGAIN)
    if np.ptp([one.numbers("ImagePositionPatient") for one in placed], axis=0).max() < SAME_MM:
        raise refusal(path, "all slices are at one position", "Export the whole axial series")
    return placed


def check_stack(path: Path, stack: Stack) -> None:
    """Raises VolumeError where a stack cannot be read without mixing, or lacks slices that others stand in for."""
    if stack.repeats:
        problem = f"{stack.repeats} positions hold different slices that nothing in the header tells apart"
        raise refusal(path, problem, "Export one acquisition only")
    if not all(one.is_whole for one in stack.slices):
        raise refusal(path, "a slice is damaged or incomplete", "Copy or export the series again")
    if any(one.get("SamplesPerPixel") not in (None, 1) for one in stack.slices):
        raise refusal(path, "colour pictures", "Export the CT itself, not a picture of it")
    positions = stack.positions
    steps = np.diff(positions)
    holes = np.flatnonzero(steps > GAP * np.median(steps))
    for stray in stack.strays:
        place = stack.at([stray])[0]
        if ((positions[holes] < place) & (place < positions[holes + 1])).any():
            problem = f"slices of different {_difference(stray, stack.slices[0])} in one series"
            raise refusal(path, problem, "Export one reconstruction only")
    origins = np.array([one.numbers("ImagePositionPatient") for one in stack.slices])
    along = (positions - positions[0]) / (positions[-1] - positions[0])
    aside = np.linalg.norm(origins - origins[0] - np.outer(along, origins[-1] - origins[0]), axis=1).max()
    if aside > max(SIDEWAYS_MM, stack.slices[0].numbers("PixelSpacing").max()):
        problem = f"slices are shifted sideways against each other, by {aside:.0f} mm"
        raise refusal(path, problem, "Export one acquisition only")


def _difference(one: Slice, other: Slice) -> str:
    for tag, what in (("PixelSpacing", "pixel sizes"), ("ImageOrientationPatient", "directions")):
        if np.abs(one.numbers(tag) - other.numbers(tag)).max() > ALIKE:
            return what
    return "sizes"
