"""One task of the Medical Segmentation Decathlon (Antonelli et al., Nature Communications 2022): ``dataset.json`` says
what is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from drasclr_core.cohort.images.datasets.pairs import Pair, PairSet, missing, require_folder
from drasclr_core.cohort.images.refused import refused_table
from drasclr_core.imaging.readers import file_suffix

KEYS = ("modality", "labels", "training")
MODALITIES = {"CT": "CT", "MRI": "MR", "MR": "MR"}


def read_msd(folder: str | Path) -> PairSet:
    """Returns images and label maps of one task of the Decathlon.

    Parameters
    ----------
    folder : path
        Such as ``Task02_Heart``: ``dataset.json``, ``imagesTr``, ``labelsTr``, ``imagesTs``.

    Returns
    -------
    PairSet
        Structures are those of ``dataset.json``; group ``train`` or ``test``. Images that the file names and the folder
        lacks are refused. The modality is checked where there is one; tasks of several (``Task01_BrainTumour``,
        ``Task05_Prostate``) keep them in one file of four dimensions, which is refused when it is read.

    Raises
    ------
    FileNotFoundError
        There is no such folder, or no ``dataset.json`` in it.
    ValueError
        ``dataset.json`` cannot be read or lacks a part; the message names it.
    """
    folder = Path(folder)
    require_folder(folder, "a task of the Medical Segmentation Decathlon, such as Task02_Heart")
    content = _content(folder / "dataset.json")
    structures = {int(value): str(name) for value, name in content["labels"].items() if int(value) != 0}
    names = [str(name) for _, name in sorted(content["modality"].items(), key=lambda one: int(one[0]))]
    modality = MODALITIES.get(names[0].upper(), "") if len(names) == 1 else ""
    pairs, refused = [], []
    test = [{"image": one, "label": None} if isinstance(one, str) else one for one in content.get("test", [])]
    for group, entries in (("train", content["training"]), ("test", test)):
        for entry in entries:
            image, label = (_inside(folder, entry.get(part)) for part in ("image", "label"))
            sid = _sid(entry.get("image"))
            absent = [_plain(entry.get(part)) for part, path in (("image", image), ("label", label))
                      if path is None and (part == "image" or group == "train")]  # fmt: skip
            if absent:
                refused.append(missing(sid, absent))
            else:
                pairs.append(Pair(sid, {names[0] if len(names) == 1 else "image": image}, label, group))
    return PairSet(pairs, structures, modality, refused=refused_table(refused))


def _content(file: Path) -> dict:
    if not file.is_file():
        raise FileNotFoundError(f"{file.name}: no such file in {file.parent.name}. Give the folder of one task.")
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name}: not JSON ({type(error).__name__}). Unpack the task again.") from error
    absent = [key for key in KEYS if not isinstance(content, Mapping) or key not in content]
    if absent:
        raise ValueError(f"{file.name}: no {', no '.join(absent)} in it. Give the file as it is published.")
    try:
        labels = {int(value) for value in content["labels"]}
        order = {int(place) for place in content["modality"]}
        listed = all(isinstance(entry, Mapping) and "image" in entry for entry in content["training"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file.name}: labels or modality are not numbered. Give it as it is published.") from error
    if not (labels - {0} and order and listed):
        raise ValueError(f"{file.name}: labels, modality or training are empty or not in pairs. Give it as published.")
    return content


def _inside(folder: Path, name: str | None) -> Path | None:
    """The file of this name in the folder, None where there is none, or where it would lie elsewhere."""
    if not name:
        return None
    path = folder / PurePosixPath(name)
    return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None


def _plain(name: str | None) -> str:
    return PurePosixPath(name or "label").name


def _sid(name: str) -> str:
    plain = PurePosixPath(name).name
    return plain[: len(plain) - len(file_suffix(plain))]
