"""One subject from CT through lungs, landmarks, patches and features to a readout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import zarr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drasclr_core.anatomy import read_aligned_scan
from drasclr_core.anatomy.overlays import LEFT_COLOR, RIGHT_COLOR, View
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.cohort import image_path, read_subjects, typical_per_stage
from drasclr_core.evaluate import PHENOTYPES, read_features
from drasclr_core.evaluate.readout import compare_readouts
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.constants import HU_WINDOW, LOW_ATTENUATION
from drasclr_core.report.style import color
from drasclr_core.run import Run

PATCH_MM, MARGIN_MM = 32.0, 25.0
STAGES = (3, 2, 4, 1, 0)
"""GOLD stages in the order in which a subject is looked for."""


@dataclass(frozen=True)
class Way:
    """What the stages of a run left of one subject.

    Attributes
    ----------
    sid : str
    spacing : float
        mm.
    scan : float [x, y, z]
        HU.
    lungs : uint8 [x, y, z]
        1 right, 2 left.
    landmarks : float [L, 3]
        Voxel coordinates of the patch centres.
    chosen : int
        The landmark whose patch is shown: of those at mid-depth the one with most voxels below `LOW_ATTENUATION`.
    patch : int16 [n, n, n]
        Its patch, HU, as the encoder sees it.
    features : float [L, D]
        Of every landmark's patch.
    readout : DataFrame
        ``sid, true, predicted`` of the held-out subjects of all folds: FEV1 in % of predicted.
    """

    sid: str
    spacing: float
    scan: np.ndarray
    lungs: np.ndarray
    landmarks: np.ndarray
    chosen: int
    patch: np.ndarray
    features: np.ndarray
    readout: pd.DataFrame


def read_way(run: Run, sid: str = "", method: str = "drasclr", folds: int = 5) -> Way:
    """Returns the way of one subject of a run.

    Parameters
    ----------
    run : Run
        With stages 01 to 07.
    sid : str
        The subject; empty: a typical one of the first of `STAGES` that there is.
    method : str
        Whose features.
    folds : int
        Of the readout.

    Raises
    ------
    FileNotFoundError, KeyError
        A stage is missing, or there is no such subject.
    """
    subjects = read_subjects(run)
    store = PatchStore.open(run.patches)
    sid = sid or typical_per_stage(subjects[subjects["sid"].isin(store.sids)], STAGES)["sid"].iloc[0]
    aligned = read_aligned_scan(run, sid, image_path(run, subjects.set_index("sid").loc[sid, "image"]), store.spacing)
    landmarks = transform(np.linalg.inv(aligned.volume.affine), np.load(run.alignment(sid) / "landmarks.npy"))
    patches = store.read_subject(sid)
    edge = (store.size - round(PATCH_MM / store.spacing)) // 2
    inner = slice(edge, store.size - edge)
    patches = patches[:, inner, inner, inner]
    share = (patches < LOW_ATTENUATION).mean(axis=(1, 2, 3))
    depth = np.flatnonzero((aligned.lungs > 0).any(axis=(0, 2))).mean()
    share[np.abs(landmarks[:, 1] - depth) > PATCH_MM / store.spacing] = -1  # a slice that shows much of the lungs
    chosen = int(share.argmax())
    stored = zarr.open_array(run.features(method) / "patch.zarr", mode="r")
    features = stored[list(stored.attrs["sids"]).index(sid)]
    made = compare_readouts({method: read_features(run, subjects, method)}, subjects, PHENOTYPES[:1], folds)
    found = made.predictions[made.predictions["method"] == method]
    readout = found[["sid"]].assign(true=np.exp(found["true"]), predicted=np.exp(found["predicted"]))
    return Way(
        sid, store.spacing, aligned.volume.array, aligned.lungs, landmarks, chosen, patches[chosen], features, readout
    )


def pipeline_figure(way: Way) -> Figure:
    """Draws the way in seven numbered pictures."""
    middle = View(1, round(way.landmarks[way.chosen, 1]))
    fig = plt.figure(figsize=(7.2, 4.5))
    above, below = fig.subfigures(2, 1, height_ratios=(1, 1.25))
    ct, mask, places, patch = above.subplots(1, 4, width_ratios=(1, 1, 1, 0.85))
    numbers, image, readout = below.subplots(1, 3, width_ratios=(0.85, 1.2, 1.3))
    for axes, title in ((ct, "1  CT"), (mask, "2  Lungs"), (places, f"3  {len(way.landmarks)} landmarks")):
        _slice(axes, way, middle, title)
    tint = np.zeros((*middle.picture(way.lungs).shape, 4))
    for side, rgb in ((1, RIGHT_COLOR), (2, LEFT_COLOR)):
        tint[middle.picture(way.lungs) == side] = (*plt.matplotlib.colors.to_rgb(rgb), 0.45)
    mask.imshow(tint, origin="lower")
    reach = PATCH_MM / way.spacing / 2
    near = np.abs(way.landmarks[:, 1] - middle.index) <= reach
    spots = middle.place(way.landmarks, way.scan.shape)
    places.scatter(*spots[near].T, s=5, color="#f0e442")
    for axes in (places, ct):
        x, y = spots[way.chosen] - reach
        axes.add_patch(plt.Rectangle((x, y), 2 * reach, 2 * reach, fill=False, color="#d55e00", linewidth=1.4))
    _patch(patch, way.patch)
    _numbers(numbers, way.features[way.chosen])
    _image(image, way)
    _readout(readout, way)
    return fig


def _slice(axes: Axes, way: Way, view: View, title: str) -> None:
    axes.imshow(view.picture(way.scan), origin="lower", vmin=HU_WINDOW[0], vmax=HU_WINDOW[1])
    up, across = (np.flatnonzero((view.picture(way.lungs) > 0).any(axis=axis)) for axis in (1, 0))
    margin = MARGIN_MM / way.spacing
    x, y = ((inside[0] - margin, inside[-1] + margin) for inside in (across, up))
    axes.set(title=title, xticks=[], yticks=[], xlim=x, ylim=y)
    axes.spines[:].set_visible(False)
    axes.grid(False)


def _patch(axes: Axes, patch: np.ndarray) -> None:
    axes.imshow(patch[::-1, patch.shape[1] // 2].T, origin="lower", vmin=HU_WINDOW[0], vmax=HU_WINDOW[1])
    axes.set(title="4  A patch", xticks=[], yticks=[], xlabel=f"{PATCH_MM:.0f} mm")
    for spine in axes.spines.values():
        spine.set(visible=True, color="#d55e00", linewidth=1.8)
    axes.grid(False)


def _numbers(axes: Axes, features: np.ndarray) -> None:
    limit = np.abs(features).max()
    axes.imshow(features.reshape(-1, 8), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    axes.set(title=f"5  {features.size} numbers", xticks=[], yticks=[])
    axes.grid(False)


def _image(axes: Axes, way: Way) -> None:
    """Features of all landmarks, standardised; the row of the chosen one is marked, and their mean stands below."""
    spread = way.features.std(axis=0)
    shown = (way.features - way.features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    axes.imshow(shown, cmap="RdBu_r", vmin=-3, vmax=3, aspect="auto", interpolation="antialiased")
    axes.axhline(way.chosen, color="#d55e00", linewidth=1.0)
    axes.set(title="6  All patches", xticks=[], yticks=[], ylabel="landmarks", xlabel="their mean stands for the scan")
    axes.grid(False)


def _readout(axes: Axes, way: Way) -> None:
    own = way.readout["sid"] == way.sid
    ends = [way.readout[["true", "predicted"]].min().min(), way.readout[["true", "predicted"]].max().max()]
    axes.plot(ends, ends, color="#999999", linewidth=0.8)
    for rows, shade, size in ((~own, color("drasclr"), 9), (own, "#d55e00", 40)):
        axes.scatter(
            way.readout[rows]["true"], way.readout[rows]["predicted"], s=size, color=shade, alpha=0.8, linewidths=0
        )
    axes.set(title="7  A linear readout", xlabel="FEV1, % predicted", ylabel="from features")
