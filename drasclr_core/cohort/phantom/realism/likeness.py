"""Do real scans lie inside the variety of the phantoms? Descriptors of patches, and how many of a scan's are odd.

Patches with much dense tissue (pneumonia, tumours, collapse) are left out: no patient's disease is what is compared.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import ndimage
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from statsmodels.stats.proportion import proportion_confint

from drasclr_core.cohort.annotations import BOX_MM
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.imaging.volume import Volume, load_mask, load_volume
from drasclr_core.progress import for_each
from drasclr_core.run import Run

LEAST_LUNG, MOST_DENSE = 0.7, 0.12
"""A patch needs that much lung, of which at most that much may be denser than -500 HU."""
USUAL = 0.95
"""A patch is odd where it lies farther out than this share of the phantoms' own patches."""
DESCRIPTORS = ("median", "spread", "p05", "p95", "vessels", "fine", "middle", "coarse", "along_z", "gradient")
"""Median, interquartile range and 5th and 95th percentile (HU); share above -700 HU; standard deviation of detail
at about 2, 4 and 8 mm (HU); roughness along z over that in the slice; front to back, HU per cm."""


def patch_descriptors(volume: Volume, lungs: np.ndarray, count: int = 60, seed: int = 0) -> pd.DataFrame:
    """Returns the `DESCRIPTORS` of up to `count` random patches of healthy-looking lung.

    Parameters
    ----------
    volume : Volume
        Equal spacing along the axes, as all stages work on.
    lungs : [x, y, z]
        Not 0 in the lungs.
    """
    rng, inside, hu = np.random.default_rng(seed), lungs > 0, volume.array.astype(np.float32)
    side = round(BOX_MM / volume.spacing[0])
    share = ndimage.uniform_filter(inside.astype(np.float32), side, mode="constant")
    dense = ndimage.uniform_filter((inside & (hu > -500)).astype(np.float32), side, mode="constant")
    half = side // 2
    fits = np.zeros(inside.shape, bool)
    fits[tuple(slice(half, n - half) for n in inside.shape)] = True
    places = np.argwhere(fits & (share > LEAST_LUNG) & (dense < MOST_DENSE * share))
    picked = places[rng.choice(len(places), min(count, len(places)), replace=False)] if len(places) else []
    corners = [tuple(slice(c - half, c + half) for c in place) for place in picked]
    return pd.DataFrame(
        [describe_patch(hu[cut], inside[cut], volume.spacing[0]) for cut in corners], columns=DESCRIPTORS
    )


def describe_patch(hu: np.ndarray, inside: np.ndarray, spacing: float) -> list[float]:
    """Returns the `DESCRIPTORS` of one patch, given its HU [n, n, n], which voxels are lung, and their size in mm."""
    values = hu[inside]
    p05, p25, median, p75, p95 = np.percentile(values, (5, 25, 50, 75, 95))
    filled = np.where(inside, hu, median).clip(-1024, -500)
    blurred = [filled, *(ndimage.gaussian_filter(filled, sigma / spacing) for sigma in (1.5, 3.0, 6.0))]
    core = ndimage.binary_erosion(inside, iterations=1)
    detail = [float((fine - rough)[core].std()) for fine, rough in pairwise(blurred)]
    rough_z, rough_x = (np.abs(np.diff(filled, axis=axis)).mean() for axis in (2, 0))
    y = np.nonzero(inside)[1] * spacing / 10
    slope = np.polyfit(y, values.clip(-1024, -500), 1)[0]
    return [median, p75 - p25, p05, p95, (values > -700).mean(), *detail,
            rough_z / max(rough_x, 1e-6), -slope]  # fmt: skip


def oddness(real: pd.DataFrame, phantoms: pd.DataFrame) -> pd.DataFrame:
    """Returns for each real scan how many of its patches are odd among those of the phantoms.

    Descriptors are made about normal (Yeo and Johnson); the distance is Mahalanobis' with a shrunk covariance; what
    is usual is measured on phantoms that the distance was not fitted to (half of them), so 5 % of a further phantom's
    patches are odd.

    Parameters
    ----------
    real, phantoms : DataFrame
        ``scan`` and the `DESCRIPTORS`, one row per patch.

    Returns
    -------
    DataFrame
        ``scan, patches, odd_pct, odd_low, odd_high``: per cent, with the 95 % interval over patches (Wilson); and
        ``most_unlike``: the descriptor whose median lies farthest out.
    """
    columns = list(DESCRIPTORS)
    scans = phantoms["scan"].unique()
    fitted = phantoms["scan"].isin(scans[::2])
    normal = PowerTransformer()
    shape = LedoitWolf().fit(normal.fit_transform(phantoms.loc[fitted, columns].to_numpy()))
    usual = np.quantile(shape.mahalanobis(normal.transform(phantoms.loc[~fitted, columns].to_numpy())), USUAL)
    rows = []
    for scan, part in real.groupby("scan", sort=False):
        z = normal.transform(part[columns].to_numpy())
        odd = shape.mahalanobis(z) > usual
        low, high = 100 * np.array(proportion_confint(odd.sum(), len(odd), method="wilson"))
        rows.append({"scan": scan, "patches": len(odd), "odd_pct": 100 * odd.mean(), "odd_low": low, "odd_high": high,
                     "most_unlike": columns[int(np.abs(np.median(z, axis=0)).argmax())]})  # fmt: skip
    return pd.DataFrame(rows)


def two_sample_auc(real: pd.DataFrame, phantoms: pd.DataFrame) -> float:
    """Returns how well a linear classifier tells real patches from phantoms' (area under the curve; 0.5: not at all).

    Each real scan is left out once, with its share of the phantoms (Lopez-Paz and Oquab, ICLR 2017, with the scan as
    the unit): a classifier that knows single scans gains nothing.
    """
    columns, scans = list(DESCRIPTORS), real["scan"].unique()
    turn = {scan: k % len(scans) for k, scan in enumerate(phantoms["scan"].unique())}
    of_phantom = phantoms["scan"].map(turn).to_numpy()
    scores, labels = [], []
    for k, scan in enumerate(scans):
        out, away = real["scan"] == scan, of_phantom == k
        known = np.concatenate([real.loc[~out, columns], phantoms.loc[~away, columns]])
        kind = np.repeat([1, 0], [(~out).sum(), (~away).sum()])
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
        model.fit(known, kind)
        tested = np.concatenate([real.loc[out, columns], phantoms.loc[away, columns]])
        scores.append(model.decision_function(tested))
        labels.append(np.repeat([1, 0], [out.sum(), away.sum()]))
    return float(roc_auc_score(np.concatenate(labels), np.concatenate(scores)))


def cohort_patches(run: Run, count: int, workers: int = 0) -> pd.DataFrame:
    """Returns `patch_descriptors` of the first `count` subjects of a run whose lungs were found, with ``scan``."""
    subjects = read_subjects(run).head(count)
    files = [(sid, image) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)
             if (run.anatomy(sid) / "lungs.nii.gz").exists()]  # fmt: skip
    return pd.concat(for_each(partial(_patches_of, run), files, "patches of phantoms", workers), ignore_index=True)


def _patches_of(run: Run, subject: tuple[str, str]) -> pd.DataFrame:
    sid, image = subject
    lungs, affine = load_mask(run.anatomy(sid) / "lungs.nii.gz")
    return patch_descriptors(load_volume(image_path(run, image), spacing=affine[0, 0]), lungs).assign(scan=sid)
