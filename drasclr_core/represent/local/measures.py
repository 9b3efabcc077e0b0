"""What each patch of a cohort holds, without any encoder: densities of its lung, and its true disease."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np

from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.cohort.phantom.truth import EMPHYSEMA, load_truth
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume, load_mask
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import for_each
from drasclr_core.represent.hand_made.regions import INTENSITY_BINS, LUNG_HU, weighted_shares
from drasclr_core.represent.local.shares import LEAST_LUNG, lung_shares
from drasclr_core.run import Run

VERSION = 1
"""Raise when a measure changes, so that those of an older version are made anew."""
LOCAL_TRUTH = {
    "centrilobular": ("centrilobular",),
    "paraseptal": ("paraseptal",),
    "emphysema": EMPHYSEMA,
    "lookalike": ("lookalike",),
}
"""Name -> the masks of a phantom that count, any of them."""


class LocalMeasures(NamedTuple):
    """What `local_measures` returns, of S subjects at L landmarks.

    Attributes
    ----------
    lung : float32 [S, L]
        Share of the patch that lies in the lungs that were found, 0 to 1.
    laa950 : float32 [S, L]
        Per cent of these voxels below -950 HU; NaN where `lung` is below `LEAST_LUNG`.
    histogram : float32 [S, L, 32]
        Square roots of the shares of these voxels in each bin of HU; NaN as before. Their cosine similarity is
        Bhattacharyya's coefficient.
    truth : dict of float32 [S, L]
        Per cent of the patch's true lung with each of `LOCAL_TRUTH`; NaN as before. Empty for scans of people.
    """

    lung: np.ndarray
    laa950: np.ndarray
    histogram: np.ndarray
    truth: dict[str, np.ndarray]

    @property
    def known(self) -> np.ndarray:
        """bool [S, L]: the patches of which something can be said."""
        known = np.isfinite(self.laa950)
        return known & np.isfinite(self.truth["emphysema"]) if self.truth else known


def local_measures(run: Run, store: PatchStore, sids: Sequence[str], size: int, workers: int = 0) -> LocalMeasures:
    """Measures every patch of subjects, once per subject, and keeps the numbers in ``local/`` of the cohort.

    Parameters
    ----------
    run : Run
    store : PatchStore
        In which the patches of these subjects are not missing.
    sids : sequence of str
    size : int
        Edge in voxels of the central part of the patches, what the encoder sees.
    workers : int
        Processes (see `progress.for_each`).

    Raises
    ------
    FileNotFoundError
        Some subjects of the cohort have a truth and others have none.
    ValueError
        Lungs were found at another voxel size than patches were cut at.
    """
    folder, simulated = run.cohort / "local", run.truth.is_dir()
    measure = partial(_measured_once, run=run, patches=store.path, size=size, simulated=simulated, folder=folder)
    for_each(measure, list(sids), "patches one by one", workers)
    rows = [_arrays(folder / f"{sid}.npz") for sid in sids]
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    truth = {name: columns[f"true_{name}"] for name in LOCAL_TRUTH} if simulated else {}
    return LocalMeasures(columns["lung"], columns["laa950"], columns["histogram"], truth)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file, which is closed: a cohort has more subjects than a process may hold files open."""
    with np.load(path) as file:
        return dict(file)


def lung_histograms(patches: np.ndarray, lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the density of the lung in patches int16 [N, n, n, n], given the masks of their lungs, bool [N, n, n, n].

    Returns
    -------
    laa950 : float32 [N]
        Per cent of the lung's voxels below -950 HU.
    histogram : float32 [N, 32]
        Square roots of the shares of the lung's voxels in each bin from -1024 to -400 HU; what lies beyond counts in
        the outer bins. Both are NaN where less than `LEAST_LUNG` of the patch is lung.
    """
    (low, high), inside = LUNG_HU, lungs.reshape(len(lungs), -1)
    hu = patches.reshape(len(patches), -1).astype(np.float32)
    count, known = inside.sum(axis=1), inside.mean(axis=1) >= LEAST_LUNG
    dark = 100 * ((hu < LOW_ATTENUATION) & inside).sum(axis=1) / np.maximum(count, 1)
    bins = ((hu - low) * (INTENSITY_BINS / (high - low))).clip(0, INTENSITY_BINS - 1).astype(int)
    histogram = np.sqrt(weighted_shares(bins, INTENSITY_BINS, inside.astype(np.float32)))
    laa950 = np.where(known, dark, np.nan)
    return laa950.astype(np.float32), np.where(known[:, None], histogram, np.nan).astype(np.float32)


def _measured_once(sid: str, run: Run, patches: Path, size: int, simulated: bool, folder: Path) -> None:
    store, out = PatchStore.open(patches), folder / f"{sid}.npz"

    def make() -> None:
        centres = np.load(run.alignment(sid) / "landmarks.npy")
        lungs, affine = load_mask(run.anatomy(sid) / "lungs.nii.gz")
        found = float(np.linalg.norm(affine[:3, 0]))
        if not np.isclose(found, store.spacing, rtol=0.01):
            raise ValueError(f"{sid}: lungs were found at {found:g} mm and patches cut at {store.spacing:g} mm. Give "
                             "notebooks 02_lungs and 05_patches the same spacing.")  # fmt: skip
        inside = extract_patches(Volume(lungs > 0, affine), centres, size)[0] > 0
        margin = (store.size - size) // 2
        core = slice(margin, margin + size)
        laa950, histogram = lung_histograms(store.read_subject(sid)[:, core, core, core], inside)
        truth = _true_shares(run.truth / f"{sid}.nii.gz", centres, size * store.spacing) if simulated else {}
        lung = inside.mean(axis=(1, 2, 3), dtype=np.float32)
        true = {f"true_{name}": share for name, share in truth.items()}
        with atomic(out) as temporary:
            np.savez_compressed(temporary, lung=lung, laa950=laa950, histogram=histogram, **true)

    cut = read_json(store.written / f".{sid}.json").get("key")
    known = read_json(run.truth / f".{sid}.json").get("key") if simulated else "none"
    kept(folder, sid, fingerprint(version=VERSION, patches=cut, truth=known, size=size), make, [out])


def _true_shares(path: Path, centres_mm: np.ndarray, edge_mm: float) -> dict[str, np.ndarray]:
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no truth file, though others of the cohort have one. Run notebook "
                                "01_cohort again.")  # fmt: skip
    masks, affine = load_truth(path), nib.load(path).affine
    size = max(1, round(edge_mm / float(np.linalg.norm(affine[:3, 0]))))
    layers = {name: np.any([masks[part] for part in parts], axis=0) for name, parts in LOCAL_TRUTH.items()}
    return lung_shares(layers, masks["lungs"], affine, centres_mm, size)
