"""Tables of one scan, made once and kept in its folder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.describe.description import IMAGE, LANDMARKS, REGIONS
from drasclr_core.describe.scan_folder import OneScan
from drasclr_core.describe.subtype_maps import read_masks
from drasclr_core.describe.thirds import regional_table
from drasclr_core.files import write_csv, write_parquet
from drasclr_core.model.encoder import Encoder
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.represent.landmark_table import image_row, landmark_table

VERSION = 1
"""Raise when features or tables change with equal inputs, so that those of an older version are made anew."""


def keep_landmarks(scan: OneScan, encoder: Encoder, atlas: Atlas, name: str) -> pd.DataFrame:
    """Writes ``landmarks.parquet`` (`landmark_table`) and ``image.parquet`` of an aligned scan; returns the first."""
    paths = [scan.folder / LANDMARKS, scan.folder / IMAGE]

    def make() -> None:
        table = landmark_table(scan.volume, scan.lungs, np.load(scan.folder / "landmarks.npy"), encoder, atlas)
        for path, content in zip(paths, (table, image_row(table, name)), strict=True):
            write_parquet(path, content)

    key = fingerprint(version=VERSION, aligned=scan.key, encoder=encoder.description["sha256"], name=name)
    kept(scan.folder, "landmarks", key, make, paths)
    return pd.read_parquet(paths[0])


def keep_regions(scan: OneScan, maps: dict[str, dict]) -> pd.DataFrame:
    """Writes and returns ``regions.csv`` of an aligned scan (see `regional_table`), with what `map_subtype` gave."""
    path = scan.folder / REGIONS

    def make() -> None:
        voxel_mm3, masks = float(np.prod(scan.volume.spacing)), read_masks(scan.folder, maps)
        write_csv(path, regional_table(scan.volume.array, scan.lungs, voxel_mm3, masks), "%.6g")

    keys = {subtype: facts["key"] for subtype, facts in maps.items()}
    kept(scan.folder, "regions", fingerprint(version=VERSION, aligned=scan.key, maps=keys), make, [path])
    return pd.read_csv(path)
