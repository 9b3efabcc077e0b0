"""BraTS 2018: brain tumours in four MR modalities (Menze et al., IEEE TMI 2015; Bakas et al., arXiv 1811.02629)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.cohort.images.datasets.pairs import Pair, PairSet, missing, require_folder, require_pairs
from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.folders import walk

MODALITIES = ("flair", "t1", "t1ce", "t2")
STRUCTURES = {1: "necrotic core", 2: "oedema", 4: "enhancing tumour"}
"""Value in the label maps -> structure; 3 is not used."""
REGIONS = {"whole tumour": (1, 2, 3), "tumour core": (1, 3), "enhancing tumour": (3,)}
"""What the challenge scores -> the classes (1 necrotic core, 2 oedema, 3 enhancing) that belong to it."""
GRADES = ("HGG", "LGG")


def read_brats18(folder: str | Path) -> PairSet:
    """Returns images and label maps of BraTS 2018.

    Parameters
    ----------
    folder : path
        With ``HGG/<sid>/<sid>_flair.nii.gz`` and ``_t1``, ``_t1ce``, ``_t2``, ``_seg`` beside it (``.nii`` too), at any
        depth; sids begin with ``Brats18_``.

    Returns
    -------
    PairSet
        Group ``HGG`` or ``LGG`` (high, low grade) by the folder; "" elsewhere (validation, test), where label maps are
        not given out. Subjects without all four modalities, or of a grade but without label map, are refused.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        It holds no such subject.
    """
    folder = Path(folder)
    require_folder(folder, "MICCAI_BraTS_2018_Data_Training")
    places = [path for path in walk(folder) if path.is_dir() and path.name.startswith("Brats18_")]
    places = [path for path in places if any(_file(path, part) for part in (*MODALITIES, "seg"))]
    require_pairs(folder, places, "Brats18_<id>/Brats18_<id>_flair.nii.gz")
    pairs, refused = [], []
    for place in sorted(places, key=lambda path: path.name):
        grade = place.parent.name if place.parent.name in GRADES else ""
        files = {part: _file(place, part) for part in (*MODALITIES, "seg")}
        absent = [f"{place.name}_{part}.nii.gz" for part, file in files.items() if file is None]
        label = files.pop("seg")
        if all(files.values()) and (label or not grade):
            pairs.append(Pair(place.name, files, label, grade))
        else:
            refused.append(missing(place.name, absent))
    return PairSet(pairs, STRUCTURES, "MR", refused=refused_table(refused))


def regions(classes: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the masks that the challenge scores, bool, from the classes of a `Case` (see `REGIONS`)."""
    return {name: np.isin(classes, among) for name, among in REGIONS.items()}


def _file(place: Path, part: str) -> Path | None:
    files = (place / f"{place.name}_{part}{ending}" for ending in (".nii.gz", ".nii"))
    return next((file for file in files if file.exists()), None)
