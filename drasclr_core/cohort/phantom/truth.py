"""The truth of a phantom as one file: a NIfTI of bits, with what they mean and who made it in the header."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np

from drasclr_core.files import atomic

GENERATOR = 4
"""Version of what phantoms look like, written into every truth file and part of every phantom's key. Raised with every
change of the simulation; version 4 is frozen on published values (``results/phantom_acceptance.csv``)."""

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
EMPHYSEMA = ("centrilobular", "paraseptal", "panlobular")
"""Of the diseases, those that are emphysema."""
MASKS = (*ANATOMY, *DISEASES, "lookalike", "nodule_solid", "nodule_ground_glass")
LABELS = {"lungs": 2, "lobes": 3, "organs": 3}
"""How many bits each map of labels takes: lungs 1 right, 2 left; lobes 1 to 5; organs 1 to 7."""


def bits_of(truth: dict[str, np.ndarray]) -> np.ndarray:
    """Returns all masks and labels of a phantom in one uint32 volume: first the labels, then a bit for each mask."""
    packed = np.zeros(truth["lungs"].shape, np.uint32)
    shift = 0
    for name, bits in LABELS.items():
        packed |= truth[name].astype(np.uint32) << shift
        shift += bits
    for k, name in enumerate(MASKS):
        packed |= truth[name].astype(np.uint32) << (shift + k)
    return packed


def disease_shares(truth: dict[str, np.ndarray]) -> dict[str, float]:
    """Returns the share of the lungs with each of `DISEASES`, 0 to 1.

    Raises
    ------
    ValueError
        There are no lungs.
    """
    lungs = truth["lungs"] > 0
    count = np.count_nonzero(lungs)
    if not count:
        raise ValueError("the truth has no lungs; make the cohort again")
    return {name: np.count_nonzero(truth[name] & lungs) / count for name in DISEASES}


def parenchyma(truth: dict[str, np.ndarray]) -> np.ndarray:
    """Returns the lung tissue, bool [x, y, z]: the lungs without bronchi, their walls and vessels."""
    return (truth["lungs"] > 0) & ~truth["airways"] & ~truth["airway_walls"] & ~truth["vessels"]


def save_truth(path: str | Path, phantom) -> None:
    """Writes the truth of a `Phantom` as ``.nii.gz`` (uint32, RAS+).

    A header extension says what each bit means (``labels``, ``masks``), which version of the `GENERATOR` made it, and
    by which ``scanner`` the picture was taken.
    """
    image = nib.Nifti1Image(bits_of(phantom.truth), phantom.volume.affine)
    image.header.set_xyzt_units("mm")
    facts = {"generator": GENERATOR, "labels": LABELS, "masks": MASKS, "scanner": asdict(phantom.scanner)}
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", json.dumps(facts).encode()))
    with atomic(path) as temporary:
        nib.save(image, temporary)


def _facts(image: nib.Nifti1Image, path: str | Path) -> dict:
    for extension in image.header.extensions:
        if extension.get_code() == 6:
            facts = json.loads(extension.get_content())
            if "generator" in facts:
                return facts
            raise ValueError(
                f"{Path(path).name} was made by an older generator of phantoms: make the cohort anew (notebook 01)."
            )
    raise ValueError(f"{Path(path).name} does not say what its bits mean: it is not the truth file of a phantom.")


def load_truth(path: str | Path) -> dict[str, np.ndarray]:
    """Returns masks [x, y, z] by name, as in ``Phantom.truth``: ``lungs, lobes, organs`` uint8, the others bool.

    Raises
    ------
    ValueError
        If the file was not written by `save_truth`, or by one of another layout.
    """
    image = nib.load(path)
    facts = _facts(image, path)
    packed, truth, shift = np.asanyarray(image.dataobj), {}, 0
    for name, bits in facts["labels"].items():
        truth[name] = ((packed >> shift) & (2**bits - 1)).astype(np.uint8)
        shift += bits
    return truth | {name: (packed >> (shift + k)) & 1 == 1 for k, name in enumerate(facts["masks"])}
