"""The patches of all boxes, cut once and kept in the run folder, with what the encoder must know of their places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.cohort.subjects import image_path
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.volume import load_volume
from drasclr_core.pieces import file_fingerprint, fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

HU, LOCATIONS = "hu.npy", "places.npz"
VERSION = 1
"""Raise when patches are cut otherwise, so that those of an older version are cut anew."""


@dataclass(frozen=True)
class BoxPatches:
    """Patches round the boxes.

    Attributes
    ----------
    table : DataFrame
        ``sid, x, y, z, subtype``, N rows; the subtype may be ``healthy``.
    hu : int16 [N, 2n, 2n, 2n]
        HU. The box itself is the middle n voxels of each axis; what is round it serves shifted views and the voxels of
        the box whose own patches reach beyond it. Read from disk as needed.
    locations : float64 [N, 3]
        The boxes' centres in the atlas, where its box is [-1, 1]; not clipped.
    steps : float64 [N, 3, 3]
        By how much the location changes per voxel along each axis: ``location + step @ voxels``.
    key : str
        Changes with the boxes, the scans, their alignment and the size of patches.
    """

    table: pd.DataFrame
    hu: np.ndarray
    locations: np.ndarray
    steps: np.ndarray
    key: str

    def __len__(self) -> int:
        return len(self.table)

    @property
    def size(self) -> int:
        """Edge n of a box in voxels."""
        return self.hu.shape[1] // 2

    def clipped(self) -> np.ndarray:
        """Returns locations float32 [N, 3] in [-1, 1]: a box may lie a little beyond the atlas's patches."""
        return np.clip(self.locations, -1, 1).astype(np.float32)

    def cores(self) -> np.ndarray:
        """Returns the boxes without their surroundings, int16 [N, n, n, n]."""
        inside = slice(self.size // 2, self.size // 2 + self.size)
        return np.asarray(self.hu[:, inside, inside, inside])


def cut_boxes(run: Run, boxes: pd.DataFrame, subjects: pd.DataFrame, patch_size: int, spacing: float) -> BoxPatches:
    """Cuts the patches of boxes out of their scans, or reads those that were cut before.

    Parameters
    ----------
    run : Run
        Aligned with its atlas (notebook 04); gets ``boxes/`` in the cohort's folder.
    boxes, subjects : DataFrame
        ``sid, x, y, z, subtype``, and ``sid, image``.
    patch_size, spacing
        Edge n of a box in voxels and voxel size in mm, what the encoder was trained on; ValueError for an odd edge.
    """
    if patch_size % 2:
        raise ValueError(f"Boxes are cut with half a patch round them, so patches need an even size, not {patch_size}.")
    folder, boxes = run.box_patches, boxes.reset_index(drop=True)
    sids = list(dict.fromkeys(boxes["sid"]))
    images = {sid: image_path(run, image) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)}
    # The key of the alignment changes with what the scan holds; its size, and a folder's, may stay when that changes.
    made_of = {sid: [read_json(run.alignment(sid) / ".align.json").get("key") or images[sid].stat().st_size,
                     file_fingerprint(run.alignment(sid) / "affine.json")] for sid in sids}  # fmt: skip
    key = fingerprint(version=VERSION, boxes=boxes.to_csv(index=False), made_of=made_of, size=patch_size,
                      spacing=spacing, atlas=file_fingerprint(run.atlas))  # fmt: skip

    def make() -> None:
        jobs = [(images[sid], run.alignment(sid), boxes.loc[boxes["sid"] == sid, ["x", "y", "z"]].to_numpy())
                for sid in sids]  # fmt: skip
        cut = partial(_cut, size=2 * patch_size, spacing=spacing, atlas=Atlas.load(run.atlas))
        _save(folder, boxes, dict(zip(sids, for_each(cut, jobs, "boxes", 1), strict=True)), 2 * patch_size)

    kept(folder, "boxes", key, make, [folder / HU, folder / LOCATIONS])
    with np.load(folder / LOCATIONS) as told:
        return BoxPatches(boxes, np.load(folder / HU, mmap_mode="r"), told["locations"], told["steps"], key)


def _cut(job: tuple[Path, Path, np.ndarray], size: int, spacing: float, atlas: Atlas) -> tuple[np.ndarray, ...]:
    """Patches, locations and steps of one subject's boxes: (image, alignment folder, centres [M, 3] in mm)."""
    image, alignment, centres = job
    volume, affine = load_volume(image, spacing), AtlasAffine.load(alignment / "affine.json")
    hu, _ = extract_patches(volume, centres, size)
    low, high = atlas.box
    scale = 2 / (high - low)
    ends = affine.to_atlas(np.vstack([np.zeros(3), volume.affine[:3, :3].T]))  # what one voxel along each axis does
    step = (ends[1:] - ends[0]).T * scale[:, None]
    return hu, (affine.to_atlas(centres) - low) * scale - 1, np.repeat(step[None], len(centres), axis=0)


def _save(folder: Path, boxes: pd.DataFrame, parts: dict[str, tuple], size: int) -> None:
    """Write what `_cut` made of each subject, in the order of the boxes."""
    rows = {sid: np.flatnonzero(boxes["sid"] == sid) for sid in parts}
    with atomic(folder / HU) as temporary:
        hu = np.lib.format.open_memmap(temporary, "w+", np.int16, (len(boxes), size, size, size))
        for sid, (patches, _, _) in parts.items():
            hu[rows[sid]] = patches
        hu.flush()
    locations, steps = np.empty((len(boxes), 3)), np.empty((len(boxes), 3, 3))
    for sid, (_, own, step) in parts.items():
        locations[rows[sid]], steps[rows[sid]] = own, step
    with atomic(folder / LOCATIONS) as temporary:
        np.savez(temporary, locations=locations, steps=steps)
