"""Whether slices are evenly spaced, and how slices at other steps become a volume: by the true positions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.imaging.refusal import refusal

OFF = 0.1
"""Evenly spaced slices are within this part of a step of their places."""
STRICT = 0.02
"""The same where the spacing alone tells stacks apart."""
ROUNDED = 0.11
"""Headers are rounded to 0.1 mm, which moves places by this, mm."""
GAP = 1.5
"""A step between slices longer than this many other ones is a gap."""
MAX_GAP_MM = 10.0
"""The largest gap that is interpolated; a nodule may hide in a larger one."""
LEAST = 5
"""Slices of a stack that is told from others by its spacing alone."""
ONE_STACK = 0.75
"""Slices of which this part of the steps is the usual one are a single stack."""
FINEST = 4
"""Uneven slices are interpolated at their smallest step, or at this part of the usual one where that is larger."""


def is_even(positions: np.ndarray, off: float = OFF) -> bool:
    """Returns whether ascending positions [n] (mm) lie at equal steps, within `off` of a step or `ROUNDED`."""
    even = np.linspace(positions[0], positions[-1], len(positions))
    step = (positions[-1] - positions[0]) / max(len(positions) - 1, 1)
    return bool(np.abs(positions - even).max() <= max(off * step, ROUNDED))


def combs(positions: np.ndarray) -> list[np.ndarray]:
    """Returns the indices of two to four evenly spaced stacks whose slices lie between each other; or nothing.

    Parameters
    ----------
    positions : float64 [n]
        mm, ascending.
    """
    steps = np.diff(positions)
    if np.mean(np.abs(steps - np.median(steps)) <= OFF * np.median(steps)) > ONE_STACK:
        return []
    for count in range(2, 5):
        if len(positions) < LEAST * count:
            break
        step = float(np.median(positions[count:] - positions[:-count]))
        phase = np.mod(positions - positions[0] + OFF * step, step)  # so that those of the first stack do not wrap
        order = np.argsort(phase, kind="stable")
        stacks = np.split(order, 1 + np.flatnonzero(np.diff(phase[order]) > OFF * step))
        if len(stacks) == count and all(
            len(one) >= LEAST and is_even(np.sort(positions[one]), STRICT) for one in stacks
        ):
            return [np.sort(one) for one in stacks]
    return []


def even_positions(folder: Path, positions: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns evenly spaced positions for slices at these.

    Parameters
    ----------
    folder : Path
        For the message.
    positions : float64 [n]
        mm, ascending.

    Returns
    -------
    positions : float64 [m]
        The same where they are even, else as many as the smallest step asks for.
    gap : float
        The largest step in mm where it is a gap, else 0.

    Raises
    ------
    VolumeError
        A gap is too large to be interpolated.
    """
    if is_even(positions):
        return positions, 0.0
    steps = np.diff(positions)
    smallest, usual, largest = float(steps.min()), float(np.median(steps)), float(steps.max())
    gap = largest if largest > GAP * smallest else 0.0
    if gap > MAX_GAP_MM:
        multiples = np.round(steps / usual)
        if multiples.min() == 1 and np.abs(steps / usual - multiples).max() < 2 * OFF:
            missing = int((multiples - 1).sum())
            problem = f"about {missing} slices are missing inside the series (a gap of {largest:.0f} mm)"
            raise refusal(folder, problem, "Export the whole series again")
        problem = f"slices at uneven steps of {smallest:.3g} to {largest:.3g} mm, which may be several acquisitions"
        raise refusal(folder, problem, "Export one acquisition, whole")
    step = usual if GAP * smallest > usual else max(smallest, usual / FINEST)
    return np.linspace(positions[0], positions[-1], round((positions[-1] - positions[0]) / step) + 1), gap


def interpolate(array: np.ndarray, positions: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns slices [i, j, m] at the wanted positions, each a mixture of the two of [i, j, n] beside it."""
    above = np.clip(np.searchsorted(positions, wanted), 1, len(positions) - 1)
    part = ((wanted - positions[above - 1]) / (positions[above] - positions[above - 1])).astype(np.float32)
    return array[:, :, above - 1] * (1 - part) + array[:, :, above] * part
