"""The disease that a simulated subject really has: what the best possible feature could know, a ceiling.

Only simulated cohorts have it. No method sees the truth files; a readout of these fractions says what is left for any
feature of an image to find, since readers, spirometers and chance have put noise into the labels.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from drasclr_core.cohort.phantom.truth import DISEASES, disease_shares, load_truth
from drasclr_core.files import read_json
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.run import Run

VERSION = 1
"""Raise when a measure changes, so that those of an older version are made anew."""
AIRWAYS = ("Pi10_mm", "wall_area_pct")
"""Columns of a phantom's subject table that hold its airway walls, which voxels are too large to show."""


def true_fractions(run: Run, sids: list[str], workers: int = 0) -> pd.DataFrame:
    """Returns ``sid``, per cent of the true lungs with each disease (``centrilobular_pct`` …), and ``lung_volume_l``.

    Counted on the truth files of a simulated cohort, once per subject, and kept in ``true_fractions/`` of the cohort.
    Diseases are those of `phantom.truth.DISEASES`. `workers` are processes
    (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        A subject has no truth file: it is not simulated.
    ValueError
        A truth file has no lungs.
    """
    measure = partial(_measured_once, truth=run.truth, folder=run.cohort / "true_fractions")
    columns = ["sid", *(f"{name}_pct" for name in DISEASES), "lung_volume_l"]
    return pd.DataFrame(for_each(measure, list(sids), "true fractions", workers), columns=columns)


def ceiling_features(fractions: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Returns the features of the row ``truth``: fractions, their square roots, volume, and walls of the airways.

    Readers grade by how the extent *looks*, which goes with its square root, and airflow falls with the extent itself;
    a linear readout of both is given either. Diseases that nobody of the cohort has are left out; `AIRWAYS` are taken
    from the subject table where it has them.

    Parameters
    ----------
    fractions : DataFrame
        From `true_fractions`.
    subjects : DataFrame
        The subject table of the simulated cohort.
    """
    shares = fractions[[name for name in fractions if name.endswith("_pct") and fractions[name].any()]]
    roots = np.sqrt(shares).rename(columns=lambda name: name.replace("_pct", "_root"))
    walls = subjects.set_index("sid").loc[fractions["sid"], [name for name in AIRWAYS if name in subjects]]
    return pd.concat([fractions[["sid", "lung_volume_l"]], shares, roots, walls.reset_index(drop=True)], axis=1)


def _measured_once(sid: str, truth: Path, folder: Path) -> dict:
    path = truth / f"{sid}.nii.gz"
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no truth file. Only simulated subjects have one.")

    def make() -> dict:
        masks, voxel_mm3 = load_truth(path), float(np.prod(nib.load(path).header.get_zooms()[:3]))
        try:
            ill = {f"{name}_pct": 100 * share for name, share in disease_shares(masks).items()}
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None
        return ill | {"lung_volume_l": np.count_nonzero(masks["lungs"]) * voxel_mm3 / 1e6}

    key = fingerprint(version=VERSION, truth=read_json(truth / f".{sid}.json").get("key"))
    return {"sid": sid, **kept(folder, sid, key, make)}
