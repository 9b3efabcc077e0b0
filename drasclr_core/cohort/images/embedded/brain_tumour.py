"""Tumours of simulated brains: a core, an enhancing rim about it in some, oedema along the white matter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drasclr_core.cohort.phantom.grid import Frame, resample_grid, smooth_noise

CORE, OEDEMA, ENHANCING = 1, 2, 4
"""Values in the label map, as in BraTS."""
LOW_GRADE = 0.25
"""Share of tumours without an enhancing rim; in BraTS 2018, 75 of 285."""
RADIUS_MM, RIM_MM, OEDEMA_REACH = (10.0, 20.0), (2.5, 6.0), (0.3, 1.0)
"""Radius of the core with its rim, thickness of the rim (mm), and how far oedema reaches beyond, in radii."""
ROUGH = 0.18
"""Standard deviation of the outline, in radii."""
PUSH = (0.1, 0.4)
"""How much of its radius a tumour pushes tissue aside, at its outline."""


class Tumour(NamedTuple):
    """A tumour: `centre` [3] (RAS mm), `radius` (mm), `stretch` [3] of its axes, `rim` (mm; 0 for none), `oedema` (its
    reach in radii), `push`, and `outline`, two fields on the fixed grid of its frame."""

    centre: np.ndarray
    radius: float
    stretch: np.ndarray
    rim: float
    oedema: float
    push: float
    outline: np.ndarray


def draw_tumour(deep: np.ndarray, frame: Frame, enhancing: bool, rng: np.random.Generator) -> Tumour:
    """Returns a random tumour.

    Parameters
    ----------
    deep : float [N, 3]
        Where a centre may lie, RAS mm.
    frame : Frame
        Of the brain.
    enhancing : bool
        Whether it has a rim.
    rng : Generator
    """
    centre, radius = deep[rng.integers(len(deep))], rng.uniform(*RADIUS_MM)
    stretch = np.exp(rng.normal(0, 0.12, 3))
    rim = rng.uniform(*RIM_MM) * enhancing
    reach, push = rng.uniform(*OEDEMA_REACH), rng.uniform(*PUSH)
    outline = np.stack([smooth_noise(rng, frame.cells, width) for width in (2.0, 3.0)])
    return Tumour(centre, radius, stretch, rim, reach, push, outline)


def pushed(places: np.ndarray, tumour: Tumour) -> np.ndarray:
    """Returns where the tissue at places [3, x, y, z] (RAS mm) was before the tumour grew: nearer to its centre."""
    away = places - tumour.centre.reshape(3, 1, 1, 1)
    distance = np.linalg.norm(away, axis=0)
    moved = tumour.push * tumour.radius * np.exp(-((distance / (1.5 * tumour.radius)) ** 2))
    return places - away / np.maximum(distance, 1e-6) * np.minimum(moved, 0.9 * distance)


def tumour_labels(
    places: np.ndarray, axes: list[np.ndarray], shares: np.ndarray, tumour: Tumour, frame: Frame
) -> np.ndarray:
    """Returns the label map of BraTS, uint8 [x, y, z] with `CORE`, `OEDEMA`, `ENHANCING` and 0.

    The tumour stays in the brain. Oedema reaches further in white matter than in grey, and not into fluid. A tumour
    without a rim has a core throughout, as non-enhancing core has the same value as necrosis.

    Parameters
    ----------
    places : float [3, x, y, z]
        RAS mm.
    axes : list of float arrays
        The same along x, y, z.
    shares : float [3, x, y, z]
        Of grey matter, white matter and fluid.
    tumour : Tumour
    frame : Frame
        That the tumour was drawn for.
    """
    scaled = (places - tumour.centre.reshape(3, 1, 1, 1)) / (tumour.radius * tumour.stretch.reshape(3, 1, 1, 1))
    rough, spread = (resample_grid(field, frame, axes) for field in tumour.outline)
    depth = np.linalg.norm(scaled, axis=0) * (1 + ROUGH * rough)  # 1 at the outline
    brain, white, fluid = shares.sum(axis=0) > 0.5, shares[1], shares[2]
    reach = 1 + tumour.oedema * (0.3 + 0.7 * white) * (1 + 0.4 * spread).clip(0.2)
    labels = np.zeros(depth.shape, np.uint8)
    labels[brain & (fluid < 0.5) & (depth < reach)] = OEDEMA
    labels[brain & (depth < 1)] = CORE
    rim = tumour.rim / tumour.radius * (1 + 0.3 * spread).clip(0.4)
    labels[(labels == CORE) & (depth > 1 - rim)] = ENHANCING if tumour.rim else CORE
    return labels
