"""The truth of a phantom as one file: a NIfTI of bit masks, with the names of the bits beside it in the header."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np

from drasclr_core.files import atomic

ANATOMY = ("airways", "airway_walls", "vessels", "fissures")
DISEASES = (
    "centrilobular",
    "paraseptal",
    "panlobular",
    "gas_trapping",
    "ground_glass",
    "crazy_paving",
    "consolidation",
)
BITS = ("right_lung", "left_lung", *ANATOMY, *DISEASES)


def bits_of(truth: dict[str, np.ndarray]) -> np.ndarray:
    """Returns all masks of a phantom in one uint16 volume, bit k for ``BITS[k]``."""
    lungs = truth["lungs"]
    masks = {"right_lung": lungs == 1, "left_lung": lungs == 2, **truth}
    packed = np.zeros(lungs.shape, np.uint16)
    for k, name in enumerate(BITS):
        packed |= masks[name].astype(np.uint16) << k
    return packed


def save_truth(path: str | Path, phantom) -> None:
    """Writes the truth of a `Phantom` as ``.nii.gz`` (uint16 bit masks, RAS+; bit names in a header extension)."""
    image = nib.Nifti1Image(bits_of(phantom.truth), phantom.volume.affine)
    image.header.set_xyzt_units("mm")
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", json.dumps({"bits": BITS}).encode()))
    with atomic(path) as temporary:
        nib.save(image, temporary)


def load_truth(path: str | Path) -> dict[str, np.ndarray]:
    """Returns masks [x, y, z] by name, as in ``Phantom.truth``: ``lungs`` uint8 (1 right, 2 left), all others bool.

    Raises
    ------
    ValueError
        If the file was not written by `save_truth`.
    """
    image = nib.load(path)
    names = [json.loads(e.get_content()).get("bits", []) for e in image.header.extensions if e.get_code() == 6]
    if not names:
        raise ValueError(f"{Path(path).name} has no bit names in its header: it is not the truth file of a phantom.")
    packed = np.asanyarray(image.dataobj)
    masks = {name: (packed >> k) & 1 == 1 for k, name in enumerate(names[0])}
    right, left = masks.pop("right_lung"), masks.pop("left_lung")
    return {"lungs": right.astype(np.uint8) + 2 * left.astype(np.uint8), **masks}
