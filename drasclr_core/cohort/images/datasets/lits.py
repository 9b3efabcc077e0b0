"""LiTS 2017: abdominal CT with liver and liver tumours (Bilic et al., Medical Image Analysis 2023)."""

from __future__ import annotations

import re
from pathlib import Path

from drasclr_core.cohort.images.datasets.pairs import Pair, PairSet, missing, require_folder, require_pairs
from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.folders import walk

NAME = re.compile(r"(test-)?(volume|segmentation)-(\d+)\.nii(\.gz)?")
STRUCTURES = {1: "liver", 2: "liver tumour"}


def read_lits(folder: str | Path) -> PairSet:
    """Returns images and label maps of LiTS.

    Parameters
    ----------
    folder : path
        With ``volume-0.nii`` and ``segmentation-0.nii`` and so on, at any depth (``Training Batch 1`` and ``2``);
        ``test-volume-0.nii`` has no label map.

    Returns
    -------
    PairSet
        sid ``volume-000``, group ``train`` or ``test``. A training volume without its label map is refused, and the
        other way round.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        It holds no such file.
    """
    folder = Path(folder)
    require_folder(folder, "LiTS")
    files: dict[tuple[bool, int], dict[str, Path]] = {}
    for path in walk(folder):
        if found := NAME.fullmatch(path.name):
            files.setdefault((bool(found[1]), int(found[3])), {})[found[2]] = path
    require_pairs(folder, files, "volume-0.nii")
    pairs, refused = [], []
    for (test, number), parts in sorted(files.items()):
        sid, before = f"{'test-' if test else ''}volume-{number:03d}", "test-" if test else ""
        absent = [f"{before}{part}-{number}.nii" for part in ("volume", "segmentation") if part not in parts]
        if "volume" in parts and ("segmentation" in parts or test):
            group = "test" if test else "train"
            pairs.append(Pair(sid, {"ct": parts["volume"]}, parts.get("segmentation"), group))
        else:
            refused.append(missing(sid, absent))
    return PairSet(pairs, STRUCTURES, "CT", refused=refused_table(refused))
