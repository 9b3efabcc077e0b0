"""Any scans of one's own: a CSV table, a folder of scans, or one scan."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
from pydicom.misc import is_dicom

from drasclr_core.cohort.mosmed import is_mosmed, read_mosmed
from drasclr_core.cohort.subjects import check_subjects
from drasclr_core.imaging.readers import FILE_SUFFIXES, is_image_file


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Make a subject table from scans of one's own.

    Parameters
    ----------
    path : path
        One of

        - a CSV file with columns ``sid`` and ``image`` (paths relative to the CSV file) and optional label columns;
        - a folder, in which every file (NIfTI, NRRD, MetaImage) and every folder with a DICOM series is one subject;
        - one image file, or the folder of one DICOM series;
        - the folder of MosMedData, recognised by ``studies/CT-0`` and so on (see `mosmed.read_mosmed`).

        Without a CSV the sid is the file's name without its ending.

    Returns
    -------
    DataFrame
        ``sid``, ``image`` (absolute; `write_subjects` makes it relative to the cohort) and the label columns. Images
        that do not exist stay in the table: the quality table will name them and the other subjects go on.

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
    scans = [path] if is_scan(path) else sorted(filter(is_scan, path.iterdir())) if path.is_dir() else []
    if not scans:
        raise ValueError(f"{path.name}: no NIfTI, NRRD or MetaImage file and no DICOM series in it. Give a CSV file "
                         "or a folder of scans.")  # fmt: skip
    table = pd.DataFrame({"sid": [_sid(scan) for scan in scans], "image": [str(scan.resolve()) for scan in scans]})
    check_subjects(table, path.name)
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"sid": str, "image": str}, encoding="utf-8-sig", skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ValueError(f"{path.name}: not a table ({problem}). Save it as comma-separated text in UTF-8.") from error
    check_subjects(table, path.name, first_row=2)
    return table.assign(image=[str(path.parent.resolve() / image.strip()) for image in table["image"]])


def is_scan(path: Path) -> bool:
    """Whether `path` has the name of an image file or is a folder with a DICOM file in it."""
    if path.is_dir():
        return any(file.is_file() and is_dicom(file) for file in path.iterdir())
    return is_image_file(path)


def _sid(scan: Path) -> str:
    """The file's name without its ending, with characters that are unsafe in file names replaced."""
    name = scan.name
    for suffix in sorted(FILE_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip("._-")
