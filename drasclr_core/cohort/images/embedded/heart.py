"""CT angiography of phantom hearts in the layout of MM-WHS: the embedded data of heart segmentation. Resumable.

Without contrast agent blood and muscle look alike; here the blood of each chamber gets a brightness of its own, as the
agent has come to different places when a scan is taken. Images and label maps are files that `read_mmwhs` reads.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from drasclr_core.cohort.images.datasets.mmwhs import STRUCTURES, read_mmwhs
from drasclr_core.cohort.images.datasets.pairs import PairSet
from drasclr_core.cohort.images.embedded.made import note_made
from drasclr_core.cohort.phantom import GENERATOR, Phantom, draw_traits, simulate
from drasclr_core.cohort.phantom.anatomy.heart import ORGANS
from drasclr_core.cohort.phantom.anatomy.tissue import BLOOD
from drasclr_core.files import atomic
from drasclr_core.imaging.affine import affine_matrix
from drasclr_core.imaging.masks import bounding_box
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each

VERSION = 1
"""Raise when the contrast agent is drawn in another way."""
WALL_MM = 9.0
"""Thickness of the left ventricle's muscle, mm (6 to 10 in adults)."""
MARGIN_MM = 12.0
"""Kept round the heart, mm."""
LEFT_HU, RIGHT_HU, MUSCLE_HU, CAVA_HU = (280.0, 450.0), (90.0, 400.0), (85.0, 130.0), (90.0, 500.0)
"""HU of the blood on the left side (with the aorta), on the right side (with the pulmonary artery), of the muscle and
of the vena cava; each is drawn evenly between these."""
EDGE_MM = 1.0
"""Standard deviation of the edges' blur, mm: that of a usual kernel."""
_STREAM = 7070  # keeps these random numbers apart from those of the phantoms
_VALUES = {name: value for value, name in STRUCTURES.items()}
_LEFT, _RIGHT = ("left ventricle", "left atrium", "aorta"), ("right ventricle", "right atrium", "pulmonary artery")


def heart_labels(organs: np.ndarray, spacing: float) -> np.ndarray:
    """Returns the label map of MM-WHS, int16 [x, y, z] with its values, of a phantom's ``organs`` [x, y, z].

    The left ventricle's muscle is what of it lies within `WALL_MM` of its outside, but not of its atrium and the aorta,
    where the valves are. The vena cava is no structure.

    Parameters
    ----------
    organs : uint8 [x, y, z]
        See `phantom.Phantom.truth`.
    spacing : float
        Voxel size, mm.
    """
    labels = np.zeros(organs.shape, np.int16)
    number = {name: place for place, name in enumerate(ORGANS, start=1)}
    for name, place in number.items():
        labels[organs == place] = _VALUES.get(name, 0)
    inner = np.isin(organs, [number[name] for name in _LEFT])
    depth = ndimage.distance_transform_edt(inner, spacing)
    labels[(organs == number["left ventricle"]) & (depth <= WALL_MM)] = _VALUES["myocardium"]
    return labels


def angiography(phantom: Phantom, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns a phantom's heart with contrast agent: HU float32 [x, y, z], labels int16 [x, y, z], affine [4, 4].

    Parameters
    ----------
    phantom : Phantom
    rng : Generator
        The brightness of each structure comes from it.

    Raises
    ------
    ValueError
        The phantom has no heart.
    """
    organs, spacing = phantom.truth["organs"], phantom.volume.spacing[0]
    if not organs.any():
        raise ValueError("the truth has no heart; make the phantom again")
    labels = heart_labels(organs, spacing)
    left, right = rng.uniform(*LEFT_HU), rng.uniform(*RIGHT_HU)
    bright = {name: left + 15 * rng.standard_normal() for name in _LEFT}
    bright |= {name: right + 15 * rng.standard_normal() for name in _RIGHT}
    bright["myocardium"] = rng.uniform(*MUSCLE_HU)
    added = np.zeros(organs.shape, np.float32)
    for name, hu in bright.items():
        added[labels == _VALUES[name]] = hu - BLOOD
    added[organs == ORGANS.index("vena cava") + 1] = rng.uniform(*CAVA_HU) - BLOOD
    hu = phantom.volume.array + ndimage.gaussian_filter(added, EDGE_MM / spacing)
    box = bounding_box(labels > 0, MARGIN_MM / spacing)
    start = np.array([side.start or 0 for side in box], dtype=float)
    return hu[box], labels[box], phantom.volume.affine @ affine_matrix(np.eye(3), start)


def make_heart_cohort(
    folder: str | Path, subjects: int, seed: int = 0, spacing: float = 2.0, arm: str = "copd", workers: int = 0
) -> PairSet:
    """Makes phantom hearts with contrast agent, or finds them made, and returns them as `read_mmwhs` reads them.

    Parameters
    ----------
    folder : path
        Gets ``ct_train_1000_image.nii.gz``, ``ct_train_1000_label.nii.gz`` and so on, one pair for each subject, and
        ``subjects.csv``, which lists them; files of subjects that an earlier call made stay and do not count.
    subjects : int
        At most 9000.
    seed : int
        With the number of the subject and the `arm` it chooses everything.
    spacing : float
        Voxel size, mm.
    arm : str
        ``copd`` or ``covid``.
    workers : int
        Processes (see `progress.for_each`).

    Raises
    ------
    ValueError
        Fewer than one subject, or more than 9000.
    """
    if not 1 <= subjects <= 9000:
        raise ValueError(f"{subjects} subjects: give a number from 1 to 9000")
    folder = Path(folder)
    maker = partial(_subject, folder=folder, seed=seed, spacing=spacing, arm=arm)
    for_each(maker, range(subjects), "phantom hearts", workers)
    return note_made(folder, [_sid(index) for index in range(subjects)], read_mmwhs)


def _sid(index: int) -> str:
    return f"ct_train_{1000 + index}"


def _subject(index: int, folder: Path, seed: int, spacing: float, arm: str) -> None:
    files = [folder / f"{_sid(index)}_{part}.nii.gz" for part in ("image", "label")]
    key = fingerprint(version=VERSION, generator=GENERATOR, index=index, seed=seed, spacing=spacing, arm=arm)

    def make() -> None:
        rng = np.random.default_rng(np.random.SeedSequence((seed, index, _STREAM)))
        hu, labels, affine = angiography(simulate(draw_traits(index, seed, arm), index, seed, spacing), rng)
        for file, array in zip(files, (np.rint(hu).astype(np.int16), labels), strict=True):
            image = nib.Nifti1Image(array, affine)
            image.header.set_xyzt_units("mm")
            with atomic(file) as temporary:
                nib.save(image, temporary)

    kept(folder, _sid(index), key, make, files)
