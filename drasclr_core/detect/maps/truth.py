"""True emphysema of a phantom, where a scan has it: on the grid of a map, and as shares of the lungs."""

from __future__ import annotations

import nibabel as nib
import numpy as np
from scipy import ndimage

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.phantom.truth import disease_shares, load_truth
from drasclr_core.evaluate.overlap import overlap
from drasclr_core.imaging.volume import Volume
from drasclr_core.run import Run


def has_truth(run: Run, sid: str) -> bool:
    """Whether this subject is a phantom, whose disease is known."""
    return (run.truth / f"{sid}.nii.gz").exists()


def true_masks(run: Run, sid: str, volume: Volume) -> dict[str, np.ndarray]:
    """Returns the true masks of each subtype, bool [x, y, z], on the grid of a volume (nearest voxels)."""
    path = run.truth / f"{sid}.nii.gz"
    masks, affine, shape = load_truth(path), nib.load(path).affine, volume.array.shape
    if masks["lungs"].shape == shape and np.allclose(affine, volume.affine, atol=1e-3):
        return {subtype: masks[subtype] for subtype in SUBTYPES}
    step = np.linalg.inv(affine) @ volume.affine
    return {
        subtype: ndimage.affine_transform(masks[subtype], step[:3, :3], step[:3, 3], shape, order=0)
        for subtype in SUBTYPES
    }


def true_shares(run: Run, sid: str) -> dict[str, float]:
    """Returns the share of the true lungs that each subtype takes."""
    shares = disease_shares(load_truth(run.truth / f"{sid}.nii.gz"))
    return {subtype: shares[subtype] for subtype in SUBTYPES}


def compare_masks(
    detected: dict[str, np.ndarray], truth: dict[str, np.ndarray], lungs: np.ndarray, subtypes: list[str]
) -> list[dict]:
    """Compares detected masks and the LAA-950 mask of one subject with the truth.

    Parameters
    ----------
    detected : dict of [x, y, z]
        A mask of each subtype, and that of ``LAA-950``.
    truth : dict of [x, y, z]
        A mask of each subtype.
    lungs : [x, y, z]
    subtypes : list of str
        Compared one by one and, where there are several, as ``both``: voxels of any of them.

    Returns
    -------
    list of dict
        ``subtype, dice, detected_share, true_share, laa_share, laa_dice``; shares are fractions of the lungs, Dice is
        NaN for a subject without the disease (`overlap`).
    """
    pairs = {subtype: (detected[subtype], truth[subtype]) for subtype in subtypes}
    if len(subtypes) > 1:
        pairs["both"] = tuple(np.any([np.asarray(masks[name]) > 0 for name in subtypes], axis=0)
                              for masks in (detected, truth))  # fmt: skip
    rows = []
    for subtype, (found, true) in pairs.items():
        ours, plain = overlap(found, true, lungs), overlap(detected["LAA-950"], true, lungs)
        rows.append({"subtype": subtype, **ours._asdict(), "laa_share": plain.detected_share, "laa_dice": plain.dice})
    return rows
