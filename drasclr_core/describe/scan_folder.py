"""The folder of one described scan: made ours, filled piece by piece, and free of the scan's file name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.lungs.bronchi import without_bronchi
from drasclr_core.anatomy.quality.verdict import Quality, judge
from drasclr_core.anatomy.subject import align, find_lungs
from drasclr_core.files import read_json, write_json
from drasclr_core.imaging.refusal import without_name
from drasclr_core.imaging.volume import Volume, load_mask, load_volume

CLAIM = ".your_ct.json"
"""Marks a folder as ours, so that no other folder's files are ever touched."""
NEUTRAL = "scan"
"""Stands for the scan's file name, which may hold a person's name."""


@dataclass
class OneScan:
    """Volume, lungs and alignment of one scan, read when they are first needed.

    Attributes
    ----------
    folder : Path
        Where its lungs and alignment are.
    image : Path
    spacing : float
        Voxel size, mm.
    """

    folder: Path
    image: Path
    spacing: float

    @property
    def key(self) -> str:
        """Changes with the scan, its lungs, the atlas and the alignment."""
        return read_json(self.folder / ".align.json")["key"]

    @cached_property
    def volume(self) -> Volume:
        return load_volume(self.image, self.spacing)

    @cached_property
    def lungs(self) -> np.ndarray:
        return load_mask(self.folder / "lungs.nii.gz")[0]

    @cached_property
    def aligned(self) -> AlignedScan:
        to_atlas = np.linalg.inv(AtlasAffine.load(self.folder / "affine.json").matrix)
        return AlignedScan(self.volume, without_bronchi(self.volume, self.lungs), to_atlas)


def claim(folder: Path) -> Path:
    """Makes a folder ours and returns it; raises ValueError if it holds other files."""
    if not (folder / CLAIM).exists():
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise ValueError(f"{folder.name}: there are other files. Give a new or empty folder for the results.")
        write_json(folder / CLAIM, {"holds": "one described scan"})
    return folder


def forget(folder: Path, names: Iterable[str]) -> None:
    """Removes files of an earlier scan or of earlier parameters."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def judge_scan(scan: OneScan, atlas_folder: Path, mode: str, seed: int) -> Quality:
    """Finds the lungs and aligns them with the atlas, as stages 02 and 04 do for a cohort; each is done once.

    Messages about a scan begin with its file's or its folder's name; here they begin with "scan".
    """
    folder = scan.folder
    if find_lungs((folder.name, str(scan.image)), folder.parent, scan.spacing)["verdict"] == "refused":
        forget(folder, ["affine.json", "landmarks.npy", ".align.json"])  # of another scan that was here before
    align(folder.name, folder.parent, atlas_folder, mode, seed)
    quality = Quality.load(folder / "quality.json")
    error = quality.measures.get("error", "")
    problem = without_name(error, scan.image).removeprefix(f"{folder.name}: ")
    if problem != error:
        quality = judge({**quality.measures, "error": f"{NEUTRAL}: {problem}"})
        quality.save(folder / "quality.json")
    return quality
