"""Tables of one scan, made once and kept in its folder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.describe.description import IMAGE, LANDMARKS, REGIONS
from drasclr_core.describe.scan_folder import OneScan
from drasclr_core.describe.subtype_maps import read_masks
from drasclr_core.describe.thirds import regional_table
from drasclr_core.model.encoder import Encoder
from drasclr_core.represent.landmark_table import image_row, landmark_table
from drasclr_core.run import atomic, fingerprint, is_done, mark_done

VERSION = 1
"""Raise when features or tables change with equal inputs, so that those of an older version are made anew."""


def keep_landmarks(scan: OneScan, encoder: Encoder, atlas: Atlas, name: str) -> pd.DataFrame:
    """Write ``landmarks.parquet`` and ``image.parquet`` of an aligned scan; return the first (see `landmark_table`)."""
    key = fingerprint(version=VERSION, aligned=scan.aligned, encoder=encoder.description["sha256"], name=name)
    paths = [scan.folder / LANDMARKS, scan.folder / IMAGE]
    if not (is_done(scan.folder, "landmarks", key) and all(path.exists() for path in paths)):
        table = landmark_table(scan.volume, scan.lungs, np.load(scan.folder / "landmarks.npy"), encoder, atlas)
        for path, content in zip(paths, (table, image_row(table, name)), strict=True):
            with atomic(path) as temporary:
                content.to_parquet(temporary, index=False)
        mark_done(scan.folder, "landmarks", key)
    return pd.read_parquet(paths[0])


def keep_regions(scan: OneScan, maps: dict[str, dict]) -> pd.DataFrame:
    """Write and return ``regions.csv`` of an aligned scan (see `regional_table`), with what `map_subtype` gave."""
    path, keys = scan.folder / REGIONS, {subtype: facts["key"] for subtype, facts in maps.items()}
    key = fingerprint(version=VERSION, aligned=scan.aligned, maps=keys)
    if not (is_done(scan.folder, "regions", key) and path.exists()):
        voxel_mm3, masks = float(np.prod(scan.volume.spacing)), read_masks(scan.folder, maps)
        table = regional_table(scan.volume.array, scan.lungs, voxel_mm3, masks)
        with atomic(path) as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")
        mark_done(scan.folder, "regions", key)
    return pd.read_csv(path)
