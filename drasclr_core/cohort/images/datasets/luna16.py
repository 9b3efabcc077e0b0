"""LUNA16: 888 chest CT of LIDC-IDRI with lung nodules, and candidates for them (Setio et al., Medical Image Analysis
2017).

The scans' names are DICOM identifiers. A sid is a digest of that, the same everywhere, and the identifier is shown
nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.cohort.images.datasets.pairs import require_folder, require_pairs
from drasclr_core.cohort.images.refused import public_name, sort_out
from drasclr_core.cohort.text_table import read_table
from drasclr_core.folders import walk
from drasclr_core.imaging.affine import LPS_TO_RAS
from drasclr_core.imaging.refusal import VolumeError

ANNOTATIONS, EXCLUDED = "annotations.csv", "annotations_excluded.csv"
CANDIDATES = ("candidates_V2.csv", "candidates.csv")
"""The second version holds the candidates of more detectors; the first that is there is read."""
COORDINATES = ("coordX", "coordY", "coordZ")


@dataclass(frozen=True)
class Luna16:
    """LUNA16 in tables; places are RAS mm (the files' are LPS).

    Attributes
    ----------
    scans : DataFrame
        ``sid, image`` (path of the .mhd file), ``subset`` (0 to 9, the published folds; -1 elsewhere). A subject table.
    nodules : DataFrame
        ``sid, x, y, z, diameter_mm``: annotations of nodules of at least 3 mm that three of four readers marked.
    candidates : DataFrame
        ``sid, x, y, z, nodule`` (1: one, 0: none); empty where there is no file of them.
    excluded : DataFrame
        ``sid, x, y, z, diameter_mm`` of findings that count neither as hits nor as false alarms (diameter missing where
        it is not known); empty where there is no file of them.
    refused : DataFrame
        ``name, message`` of scans without data.
    notes : list of str
        Sentences on rows that were left out.
    """

    scans: pd.DataFrame
    nodules: pd.DataFrame
    candidates: pd.DataFrame
    excluded: pd.DataFrame
    refused: pd.DataFrame
    notes: list[str]


def read_luna16(folder: str | Path) -> Luna16:
    """Returns LUNA16, or the part of it that a folder holds.

    Parameters
    ----------
    folder : path
        With ``subset0/<seriesuid>.mhd`` and ``.raw`` and so on, ``annotations.csv`` and ``candidates_V2.csv`` (or
        ``candidates.csv``), at any depth.

    Raises
    ------
    FileNotFoundError
        There is no such folder, or no ``annotations.csv`` in it.
    ValueError
        It holds no scan, or a table lacks a column; the message names it.
    """
    folder = Path(folder)
    require_folder(folder, "LUNA16")
    inside = [path for path in walk(folder) if path.is_file()]
    headers = {path.stem: path for path in inside if path.suffix.lower() == ".mhd"}
    require_pairs(folder, headers, "<seriesuid>.mhd")
    sids = {series: public_name(series, "luna") for series in headers}
    good, refused = sort_out(((sids[series], path) for series, path in sorted(headers.items())), _check_data)
    scans = pd.DataFrame([(sid, str(path.resolve()), _subset(path)) for sid, path in good.items()],
                         columns=["sid", "image", "subset"])  # fmt: skip
    sids = {series: sid for series, sid in sids.items() if sid in good}
    tables = {path.name: path for path in inside if path.suffix.lower() == ".csv"}
    if ANNOTATIONS not in tables:
        raise FileNotFoundError(f"{ANNOTATIONS}: no such file in {folder.name}. Put it beside the subsets.")
    notes: list[str] = []
    nodules = _places(tables[ANNOTATIONS], "diameter_mm", sids, notes)
    found = next((tables[name] for name in CANDIDATES if name in tables), None)
    candidates = _places(found, "class", sids, notes).rename(columns={"class": "nodule"})
    wrong = ~candidates["nodule"].isin((0, 1))
    if wrong.any():
        notes.append(f"{found.name}: rows with another class than 0 and 1, left out: {wrong.sum()}.")
    candidates = candidates[~wrong].astype({"nodule": int}).reset_index(drop=True)
    excluded = _places(tables.get(EXCLUDED), "diameter_mm", sids, notes)
    excluded["diameter_mm"] = excluded["diameter_mm"].where(excluded["diameter_mm"] > 0)
    small = ~(nodules["diameter_mm"] > 0)
    if small.any():
        notes.append(f"{ANNOTATIONS}: rows without a diameter above 0, left out: {small.sum()}.")
    nodules = nodules[~small].reset_index(drop=True)
    return Luna16(scans, nodules, candidates, excluded, refused, notes)


def _check_data(header: Path) -> Path:
    """The header's path; VolumeError where its data file is missing or too short."""
    lines = header.read_text(errors="replace").splitlines()
    values = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    data = values.get("ElementDataFile", "")
    sid = public_name(header.stem, "luna")
    again = "Unpack its subset again"
    if not data:
        raise VolumeError(f"{sid}.mhd: no ElementDataFile in the header. {again}.")
    if data == "LOCAL":
        return header
    file = header.parent / Path(data).name
    if not file.is_file():
        raise VolumeError(f"{sid}.mhd: no data file beside it ({sid}{file.suffix}). {again}.")
    try:
        voxels = np.prod([int(size) for size in values.get("DimSize", "").split()] or [0])
    except ValueError:
        voxels = 0
    if voxels <= 0:
        raise VolumeError(f"{sid}.mhd: no usable DimSize in the header. {again}.")
    if file.suffix.lower() == ".raw" and file.stat().st_size < voxels:  # at least a byte each
        raise VolumeError(f"{sid}.mhd: its data file is incomplete. {again}.")
    return header


def _subset(path: Path) -> int:
    name = path.parent.name
    return int(name[6:]) if name.startswith("subset") and name[6:].isdigit() else -1


def _places(file: Path | None, measure: str, sids: dict[str, str], notes: list[str]) -> pd.DataFrame:
    """Rows of one table whose scan is there, in RAS mm; notes on the others."""
    columns = ["sid", "x", "y", "z", measure]
    if file is None:
        return pd.DataFrame({name: pd.Series(dtype=str if name == "sid" else float) for name in columns})
    table = read_table(file, {"seriesuid": str})
    absent = [name for name in ("seriesuid", *COORDINATES, measure) if name not in table]
    if absent:
        raise ValueError(f"{file.name}: no column {', '.join(absent)}, only {list(table)}. Give the file as published.")
    numbers = table[[*COORDINATES, measure]].apply(pd.to_numeric, errors="coerce")
    whole = np.isfinite(numbers[list(COORDINATES)]).all(axis=1)
    if not whole.all():
        notes.append(f"{file.name}: rows without a place, left out: {(~whole).sum()}.")
    known = table["seriesuid"].isin(sids)
    if (whole & ~known).any():
        notes.append(f"{file.name}: rows of scans that are not there, left out: {(whole & ~known).sum()}.")
    kept = numbers[whole & known]
    places = kept[list(COORDINATES)].to_numpy() @ LPS_TO_RAS[:3, :3]
    named = pd.DataFrame(places, columns=["x", "y", "z"])
    named.insert(0, "sid", table.loc[whole & known, "seriesuid"].map(sids).to_numpy())
    return named.assign(**{measure: kept[measure].to_numpy()})
