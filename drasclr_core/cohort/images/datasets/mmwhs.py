"""MM-WHS 2017: CT and MR of the heart with seven structures (Zhuang and Shen, Medical Image Analysis 2016)."""

from __future__ import annotations

import re
from pathlib import Path

from drasclr_core.cohort.images.datasets.pairs import Pair, PairSet, missing, require_folder, require_pairs
from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.folders import walk

NAME = re.compile(r"(ct|mr)_(train|test)_(\d{4})_(image|label)\.nii(\.gz)?")
STRUCTURES = {
    500: "left ventricle",
    600: "right ventricle",
    420: "left atrium",
    550: "right atrium",
    205: "myocardium",
    820: "aorta",
    850: "pulmonary artery",
}
"""Value in the label maps -> structure; cavities hold blood, the myocardium is the left ventricle's."""
MISTAKEN = {421: 420}
"""One published label map has 421 in the left atrium."""


def read_mmwhs(folder: str | Path, modality: str = "ct") -> PairSet:
    """Returns images and label maps of one modality of MM-WHS.

    Parameters
    ----------
    folder : path
        With ``ct_train_1001_image.nii.gz``, ``ct_train_1001_label.nii.gz`` and so on, at any depth.
    modality : str
        ``ct`` or ``mr``.

    Returns
    -------
    PairSet
        sid ``ct_train_1001``, group ``train`` or ``test``. Test images have no label map; training images without one,
        and label maps without an image, are refused.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        It holds no such file, or `modality` is another word.
    """
    folder = Path(folder)
    if modality not in ("ct", "mr"):
        raise ValueError(f"modality is {modality!r}: choose 'ct' or 'mr'")
    require_folder(folder, "MM-WHS 2017")
    files: dict[str, dict[str, Path]] = {}
    for path in walk(folder):
        found = NAME.fullmatch(path.name)
        if found and found[1] == modality:
            files.setdefault("_".join(found.groups()[:3]), {})[found[4]] = path
    require_pairs(folder, files, f"{modality}_train_1001_image.nii.gz")
    pairs, refused = [], []
    for sid, parts in sorted(files.items()):
        group = sid.split("_")[1]
        absent = [f"{sid}_{part}.nii.gz" for part in ("image", "label") if part not in parts]
        if "image" in parts and ("label" in parts or group == "test"):
            pairs.append(Pair(sid, {modality: parts["image"]}, parts.get("label"), group))
        else:
            refused.append(missing(sid, absent))
    return PairSet(pairs, STRUCTURES, modality.upper(), MISTAKEN, refused_table(refused))
