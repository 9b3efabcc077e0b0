"""Any scans of one's own: a CSV table, a folder of scans, or one scan."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.label_numbers import NUMBERS, with_numbers
from drasclr_core.cohort.mosmed import is_mosmed, read_mosmed
from drasclr_core.cohort.sids import safe_sids
from drasclr_core.cohort.subjects import check_subjects, named
from drasclr_core.cohort.text_table import read_table
from drasclr_core.folders import walk
from drasclr_core.imaging.dicom import is_dicom, is_directory
from drasclr_core.imaging.dicom.headers import DEEPEST
from drasclr_core.imaging.readers import is_image_file
from drasclr_core.imaging.refusal import printable_name


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Returns a subject table of scans of one's own.

    Parameters
    ----------
    path : path
        One of

        - a CSV file with columns ``sid`` and ``image`` (paths relative to the CSV file) and optional label columns;
        - a folder, in which every file (NIfTI, NRRD, MetaImage) and every folder with DICOM slices is one subject;
        - one image file, or the folder of one DICOM series;
        - the folder of MosMedData, recognised by ``studies/CT-0`` and so on (see `mosmed.read_mosmed`).

        Without a CSV the sid is the file's name without its ending, made safe by `sids.safe_sids`.

    Returns
    -------
    DataFrame
        ``sid``, ``image`` (absolute; `write_subjects` makes it relative to the cohort) and the label columns. Images
        that do not exist stay in the table: the quality table will name them and the other subjects go on.
        ``attrs["notes"]`` lists in sentences what of a folder was left out, which names were changed, and which labels
        were taken for missing.

    Raises
    ------
    FileNotFoundError
        There is nothing at `path`.
    ValueError
        No scan in the folder, or bad rows in the CSV; the message names them.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no such file or folder. Give a CSV file, a folder of scans or one scan.")
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    if is_mosmed(path):
        return read_mosmed(path)
    scans, notes = _find_scans(path)
    if not scans:
        below = [one.parent for one in walk(path) if one.is_file() and is_image_file(one)] if path.is_dir() else []
        if len(set(below)) == 1:  # a folder too high
            return read_manifest(below[0])
        hint = f" (but {len(below)} files in folders below)" if below else ""
        raise ValueError(f"{path.name}: no NIfTI, NRRD or MetaImage file and no DICOM series in it{hint}. Give a CSV "
                         "file or a folder of scans.")  # fmt: skip
    sids, changed = safe_sids(scans)
    # The name that is given counts, not that of the file which a link leads to.
    table = pd.DataFrame({"sid": sids, "image": [os.path.abspath(scan) for scan in scans]})
    check_subjects(table, path.name, [printable_name(scan) for scan in scans])
    table.attrs["notes"] = notes + changed
    return table


def is_scan(path: Path) -> bool:
    """Returns whether `path` has the name of an image file or is a folder with DICOM slices, at any depth."""
    if not path.is_dir():
        return is_image_file(path)
    return not path.name.startswith(".") and any(map(is_dicom, walk(path, DEEPEST)))


def _find_scans(path: Path) -> tuple[list[Path], list[str]]:
    """The scans at a path, in order, and notes on what was left out."""
    if not path.is_dir():
        return ([path] if is_image_file(path) or is_dicom(path) else []), []
    inside = sorted(path.iterdir())
    hidden = [one.name for one in inside if one.name.startswith(".") and is_image_file(path / one.name.lstrip("._"))]
    files = [one for one in inside if one.is_file() and not one.name.startswith(".")]
    images = [one for one in files if is_image_file(one)]
    dicom = [one for one in files if one not in images and is_dicom(one)]
    loose = [one for one in dicom if not is_directory(one)]
    folders = [one for one in inside if one.is_dir()]
    series = [one for one in folders if is_scan(one)]
    notes = [f"Hidden files, left out: {len(hidden)} ({named(hidden)})."] if hidden else []
    notes += _no_scans([one for one in files if one not in images and one not in dicom], set(folders) - set(series))
    if dicom and not loose and not images and len(series) == 1:  # the directory of a disk, with one scan
        return [path], notes
    if loose and not images:
        if series:
            notes.append(f"Folders with scans beside the slices of one series, left out: {len(series)} "
                         f"({named(one.name for one in series)}).")  # fmt: skip
        return [path], notes
    scans = sorted([*images, *series])
    if len(loose) > 1:
        scans.append(path)
        notes.append(f"{len(loose)} DICOM files beside the image files were taken for one more scan.")
    elif loose:
        notes.append(f"One DICOM file beside the image files, left out: {printable_name(loose[0])}. Give a series a "
                     "folder of its own.")  # fmt: skip
    return scans, notes


def _no_scans(files: list[Path], folders: set[Path]) -> list[str]:
    """A note on how many of them there are, by the ending of their names, if there are any."""
    kinds = Counter(one.suffix.lower() or "without an ending" for one in files)
    if folders:
        kinds["folder" if len(folders) == 1 else "folders"] = len(folders)
    if not kinds:
        return []
    counts = named(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0])))
    return [f"No scans, left out: {len(files) + len(folders)} ({counts})."]


def _read_csv(path: Path) -> pd.DataFrame:
    table = read_table(path, {"sid": str, "image": str}, numbers=NUMBERS, numbered=True)
    check_subjects(table, path.name, [f"row {row}" for row in table.index])
    table, notes = with_numbers(table.reset_index(drop=True))
    table.attrs["notes"] = notes
    return table.assign(image=[str(path.parent.resolve() / image.strip()) for image in table["image"]])
