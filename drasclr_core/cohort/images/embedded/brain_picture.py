"""A simulated brain with a tumour in four MR modalities.

The average brain of `brain_template` is turned, stretched and bent at random, a tumour pushes it aside, each tissue
gets a brightness for each modality, and the pictures get a bias field and noise. As in BraTS there is nothing outside
the brain. Not simulated: skull, vessels, blood, motion, scanners that differ in resolution.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from drasclr_core.cohort.images.datasets.brats18 import MODALITIES
from drasclr_core.cohort.images.embedded.brain_template import TEMPLATE_MM, Template
from drasclr_core.cohort.images.embedded.brain_tumour import (
    CORE,
    ENHANCING,
    LOW_GRADE,
    OEDEMA,
    draw_tumour,
    pushed,
    tumour_labels,
)
from drasclr_core.cohort.phantom.grid import FIELD_MM, Frame, affine_of, random_stream, resample_grid, smooth_noise

SPACING_MM = (2.0, 6.0)
"""Voxel sizes that make sense with this template, mm."""
BRIGHT = {
    "flair": (0.62, 0.50, 0.15, 0.58, 0.90, 0.78),
    "t1": (0.65, 0.86, 0.26, 0.48, 0.62, 0.60),
    "t1ce": (0.65, 0.86, 0.26, 0.45, 0.62, 1.05),
    "t2": (0.62, 0.45, 1.00, 0.84, 0.78, 0.68),
}
"""Mean brightness of grey matter, white matter, fluid, core, oedema and enhancing rim, by modality; no units. Those of
tissues in T1 are the template's, the others as radiologists describe them (Menze et al., IEEE TMI 2015)."""
VARIED, TEXTURE, NOISE, BIAS = 0.06, 0.05, 0.04, 0.15
"""Standard deviations: of a tissue's brightness from brain to brain (relative), within a tissue (relative), of the
scanner's noise (beside white matter in T1 at 0.86), and of the bias field's logarithm."""
TURN_DEG, STRETCH, BEND_MM = 5.0, 0.05, 3.0
"""Standard deviations: of rotations about each axis, of each axis's logarithmic scale, and of the bending, mm."""
MOST_SPOTS = 8
"""Bright spots of white matter, as age brings them: look-alikes of oedema in FLAIR and T2, which no label names."""
EDGE_MM = 1.0
"""Standard deviation of the edges' blur, mm."""


def brain_with_tumour(
    template: Template, index: int, seed: int = 0, spacing: float = 3.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns images float32 [4, x, y, z] (`MODALITIES`), labels uint8 [x, y, z], and the affine [4, 4].

    The subject is the same at every voxel size, but for noise. The label map has the values of BraTS.

    Parameters
    ----------
    template : Template
    index, seed : int
        Together they choose everything random.
    spacing : float
        Voxel size, mm, in `SPACING_MM`.

    Raises
    ------
    ValueError
        The voxel size is another.
    """
    if not SPACING_MM[0] <= spacing <= SPACING_MM[1]:
        raise ValueError(f"Brains are made with voxels of {SPACING_MM[0]:g} to {SPACING_MM[1]:g} mm, not {spacing:g}.")
    frame = _frame(template)
    shape, growth, look, scanner = (random_stream(seed, index, part) for part in range(101, 105))
    tumour = draw_tumour(template.deep, frame, grade_of(index, seed) == "HGG", growth)
    axes = frame.axes(spacing)
    places = np.stack(np.meshgrid(*axes, indexing="ij"))
    shares = _tissue(template, _bent(pushed(places, tumour), frame, axes, shape))
    labels = tumour_labels(places, axes, shares, tumour, frame)
    spots = _spots(places, shares, template.deep, look)
    images = [_picture(name, shares, labels, spots, frame, axes, look, scanner) for name in MODALITIES]
    return np.stack(images), labels, affine_of(axes)


def grade_of(index: int, seed: int) -> str:
    """Returns ``HGG``, a tumour with an enhancing rim, or ``LGG``, one without."""
    return "LGG" if random_stream(seed, index, 100).random() < LOW_GRADE else "HGG"


def _frame(template: Template) -> Frame:
    """The box of the template, on the fixed grid."""
    cells = np.ceil(np.array(template.shares.shape[1:]) * TEMPLATE_MM / FIELD_MM).astype(int)
    return Frame(tuple(float(start) for start in template.affine[:3, 3] - TEMPLATE_MM / 2), tuple(map(int, cells)))


def _bent(places: np.ndarray, frame: Frame, axes: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Where in the template the tissue at places [3, x, y, z] comes from, both in RAS mm."""
    middle = (np.array(frame.origin) + frame.size / 2).reshape(3, 1, 1, 1)
    turn = Rotation.from_euler("xyz", rng.normal(0, TURN_DEG, 3), degrees=True).as_matrix()
    bends = [smooth_noise(rng, frame.cells, 6.0) for _ in range(3)]
    turned = np.einsum("ij,j...->i...", turn @ np.diag(np.exp(rng.normal(0, STRETCH, 3))), places - middle)
    return middle + turned + BEND_MM * np.stack([resample_grid(bend, frame, axes) for bend in bends])


def _tissue(template: Template, places: np.ndarray) -> np.ndarray:
    """Shares of grey matter, white matter and fluid at places [3, x, y, z] of the template (RAS mm), float32."""
    voxels = (places - template.affine[:3, 3].reshape(3, 1, 1, 1)) / TEMPLATE_MM
    return np.stack([ndimage.map_coordinates(share, voxels, np.float32, order=1) for share in template.shares]) / 255


def _spots(places: np.ndarray, shares: np.ndarray, deep: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How far a voxel is in a bright spot of white matter, 0 to 1 [x, y, z]."""
    share = np.zeros(shares.shape[1:], np.float32)
    for _ in range(rng.integers(MOST_SPOTS + 1)):
        centre, radii = deep[rng.integers(len(deep))], rng.uniform(2, 5, 3)
        away = (places - centre.reshape(3, 1, 1, 1)) / radii.reshape(3, 1, 1, 1)
        np.maximum(share, (1.5 - np.linalg.norm(away, axis=0)).clip(0, 1), out=share)
    return share * shares[1]


def _picture(name: str, shares: np.ndarray, labels: np.ndarray, spots: np.ndarray, frame: Frame,
             axes: list[np.ndarray], look: np.random.Generator, scanner: np.random.Generator
             ) -> np.ndarray:  # fmt: skip
    """One modality, float32 [x, y, z], 0 outside the brain."""
    grey, white, fluid, core, oedema, rim = BRIGHT[name] * np.exp(look.normal(0, VARIED, 6))
    texture, field = (smooth_noise(look, frame.cells, width) for width in (1.0, 10.0))
    gain = 300 * np.exp(look.normal(0, 0.4))
    bright = np.tensordot(np.array([grey, white, fluid], np.float32), shares, 1)
    bright += 0.8 * spots * (oedema - bright)
    bright[labels == OEDEMA] += 0.85 * (oedema - bright[labels == OEDEMA])
    bright[labels == CORE], bright[labels == ENHANCING] = core, rim
    bright *= 1 + TEXTURE * resample_grid(texture, frame, axes)
    bright = ndimage.gaussian_filter(bright, EDGE_MM / float(axes[0][1] - axes[0][0]))
    bright *= np.exp(BIAS * resample_grid(field, frame, axes))
    noise = NOISE * scanner.standard_normal((2, *bright.shape), dtype=np.float32)
    picture = gain * np.hypot(bright + noise[0], noise[1])  # Rician: of a magnitude
    return np.where(shares.sum(axis=0) > 0.5, picture, 0).astype(np.float32)
