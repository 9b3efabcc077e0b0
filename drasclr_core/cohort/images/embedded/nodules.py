"""Phantoms with lung nodules, and the candidates for them: the embedded data of nodule detection. Resumable."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from drasclr_core.cohort.images.embedded.candidates import blobs, cubes_at, true_nodules
from drasclr_core.cohort.images.hits import nearest_hit
from drasclr_core.cohort.phantom import GENERATOR, draw_traits, simulate
from drasclr_core.cohort.phantom.cohort import subject_name
from drasclr_core.files import atomic, write_csv
from drasclr_core.imaging.volume import Volume
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each

VERSION = 1
"""Raise when candidates are found in another way."""
MOST_NODULES = 5
"""A subject has 1 to this many nodules, each as often."""
_STREAM = 7060  # keeps these random numbers apart from those of the phantoms


class NoduleCohort(NamedTuple):
    """Nodules and candidates of a cohort; places are RAS mm.

    `nodules`: ``sid, x, y, z, diameter_mm``. `candidates`: ``sid, x, y, z, strength, nodule`` (1: hits one), and
    ``file, place`` of its cube. `sids`: every scan, also those without candidates.
    """

    sids: list[str]
    nodules: pd.DataFrame
    candidates: pd.DataFrame

    def cubes(self, rows: np.ndarray) -> np.ndarray:
        """Returns the cubes of candidates by their rows, int16 HU [N, size, size, size]."""
        files, places = (self.candidates[name].to_numpy()[np.asarray(rows, dtype=int)] for name in ("file", "place"))
        loaded = {file: np.load(file, mmap_mode="r") for file in dict.fromkeys(files)}
        return np.stack([loaded[file][place] for file, place in zip(files, places, strict=True)])


def make_nodule_cohort(
    folder: str | Path,
    subjects: int,
    seed: int = 0,
    spacing: float = 2.0,
    size: int = 16,
    arm: str = "copd",
    workers: int = 0,
) -> NoduleCohort:
    """Makes phantoms with nodules and their candidates, or finds them made; only cubes and tables are kept.

    Parameters
    ----------
    folder : path
    subjects : int
    seed : int
        With the number of the subject and the `arm` it chooses everything.
    spacing : float
        Voxel size, mm.
    size : int
        Edge of a candidate's cube, voxels.
    arm : str
        ``copd`` or ``covid``.
    workers : int
        Processes (see `progress.for_each`).
    """
    folder = Path(folder)
    maker = partial(_subject, folder=folder, seed=seed, spacing=spacing, size=size, arm=arm)
    made = for_each(maker, range(subjects), "phantoms with nodules", workers)
    sids = [subject_name(index) for index in range(subjects)]
    nodules, candidates = (_table(made, sids, part) for part in ("nodules", "candidates"))
    for name, table in (("scans", pd.DataFrame({"sid": sids})), ("nodules", nodules), ("candidates", candidates)):
        write_csv(folder / f"{name}.csv", table)
    return read_nodule_cohort(folder)


def read_nodule_cohort(folder: str | Path) -> NoduleCohort:
    """Returns what `make_nodule_cohort` made in a folder.

    Raises
    ------
    FileNotFoundError
        It has made nothing there.
    """
    folder = Path(folder)
    if not (folder / "candidates.csv").exists():
        raise FileNotFoundError(f"{folder.name}: no nodules yet. Run notebook 50_images_and_volumes first.")
    scans, nodules, candidates = (
        pd.read_csv(folder / f"{name}.csv", converters={"sid": str}) for name in ("scans", "nodules", "candidates")
    )
    files = [str(folder / f"{sid}.npy") for sid in candidates["sid"]]
    return NoduleCohort(scans["sid"].tolist(), nodules, candidates.assign(file=files))


def _table(made: list[dict], sids: list[str], part: str) -> pd.DataFrame:
    tables = [pd.DataFrame(one[part]).assign(sid=sid) for sid, one in zip(sids, made, strict=True)]
    table = pd.concat(tables, ignore_index=True)
    return table[["sid", *table.columns.drop("sid")]]


def _subject(index: int, folder: Path, seed: int, spacing: float, size: int, arm: str) -> dict:
    sid = subject_name(index)
    key = fingerprint(version=VERSION, generator=GENERATOR, index=index, seed=seed, spacing=spacing, size=size, arm=arm)

    def make() -> dict:
        count = np.random.default_rng(np.random.SeedSequence((seed, index, _STREAM))).integers(1, MOST_NODULES + 1)
        phantom = simulate(draw_traits(index, seed, arm), index, seed, spacing, nodules=int(count))
        nodules = true_nodules(phantom.truth, phantom.volume.affine)
        return {"nodules": nodules.to_dict("list"), "candidates": _keep(phantom.volume, phantom.truth, nodules)}

    def _keep(volume: Volume, truth: dict[str, np.ndarray], nodules: pd.DataFrame) -> dict:
        found = blobs(volume, truth["lungs"])
        found = found.assign(nodule=(nearest_hit(found, nodules) >= 0).astype(int), place=range(len(found)))
        with atomic(folder / f"{sid}.npy") as temporary:
            np.save(temporary, cubes_at(volume, found[["x", "y", "z"]].to_numpy(), size))
        return found.to_dict("list")

    return kept(folder, sid, key, make, [folder / f"{sid}.npy"])
