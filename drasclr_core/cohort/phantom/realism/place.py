"""Does the place matter? Patches with emphysema and patches with what looks like it, told apart with and without it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from drasclr_core.cohort.annotations import BOX_MM, SUBTYPES
from drasclr_core.cohort.phantom.realism.likeness import DESCRIPTORS, describe_patch
from drasclr_core.cohort.phantom.truth import load_truth
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.imaging.volume import Volume, load_volume
from drasclr_core.progress import for_each
from drasclr_core.run import Run

LEAST_SHARE = 0.01
"""Of a patch that must be emphysema, or look like it."""
PLACE = ("height", "front", "side")
"""Where a patch lies in the box round both lungs: 0 to 1 from bottom, from back, and from the midline outwards."""
FOLDS = 5


def emphysema_or_alike(volume: Volume, truth: dict[str, np.ndarray], count: int = 10, seed: int = 0) -> pd.DataFrame:
    """Returns up to `count` patches with emphysema of either subtype and as many that only look like it, of a phantom.

    Returns
    -------
    DataFrame
        ``emphysema`` (bool), the `DESCRIPTORS` of `likeness`, ``low`` (share below -950 HU) and `PLACE`.
    """
    rng, side = np.random.default_rng(seed), round(BOX_MM / volume.spacing[0])
    lungs = truth["lungs"] > 0
    share = {name: ndimage.uniform_filter(truth[name].astype(np.float32), side) for name in (*SUBTYPES, "lookalike")}
    ill = np.maximum.reduce([share[name] for name in SUBTYPES])
    fits = np.zeros(lungs.shape, bool)
    fits[tuple(slice(side // 2, n - side // 2) for n in lungs.shape)] = True
    fits &= ndimage.uniform_filter(lungs.astype(np.float32), side) > 0.5
    kinds = {True: (ill > LEAST_SHARE) & (share["lookalike"] < LEAST_SHARE / 4),
             False: (share["lookalike"] > LEAST_SHARE) & (ill < LEAST_SHARE / 4)}  # fmt: skip
    low, high = (f(np.argwhere(lungs), axis=0) for f in (np.min, np.max))
    rows = []
    for emphysema, where in kinds.items():
        places = np.argwhere(where & fits)
        for place in places[rng.choice(len(places), min(count, len(places)), replace=False)] if len(places) else []:
            cut = tuple(slice(c - side // 2, c + side // 2) for c in place)
            x, front, height = (place - low) / (high - low)
            hu, inside = volume.array[cut], lungs[cut]
            texture = describe_patch(hu, inside, volume.spacing[0])
            dark = (hu[inside] < LOW_ATTENUATION).mean()
            rows.append([emphysema, *texture, dark, height, front, abs(2 * x - 1)])
    return pd.DataFrame(rows, columns=["emphysema", *DESCRIPTORS, "low", *PLACE])


def place_matters(patches: pd.DataFrame) -> pd.DataFrame:
    """Returns how well emphysema is told from what looks like it, by what is known of a patch.

    Logistic regression over `FOLDS` folds of whole scans; the area under the curve is 0.5 where nothing is told.

    Parameters
    ----------
    patches : DataFrame
        From `emphysema_or_alike`, with ``scan``.

    Returns
    -------
    DataFrame
        ``known, auc, patches, scans``: by the share below -950 HU, by all descriptors, by the place alone, by both.
    """
    sets = {"share below -950 HU": ["low"], "texture (ten descriptors)": list(DESCRIPTORS), "place alone": list(PLACE),
            "texture and place": [*DESCRIPTORS, *PLACE]}  # fmt: skip
    label, scans = patches["emphysema"].to_numpy(bool), patches["scan"]
    if scans.nunique() < FOLDS or label.all() or not label.any():
        return pd.DataFrame(columns=["known", "auc", "patches", "scans"])
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
    rows = []
    for known, columns in sets.items():
        folds = GroupKFold(FOLDS).split(patches, groups=scans)
        said = cross_val_predict(model, patches[columns].to_numpy(), label, cv=list(folds), method="decision_function")
        rows.append(
            {"known": known, "auc": roc_auc_score(label, said), "patches": len(label), "scans": scans.nunique()}
        )
    return pd.DataFrame(rows)


def cohort_alike(run: Run, count: int, workers: int = 0) -> pd.DataFrame:
    """Returns `emphysema_or_alike` of the first `count` phantoms of a run, with ``scan``."""
    subjects = read_subjects(run).head(count)
    files = list(zip(subjects["sid"], subjects["image"], strict=True))
    tables = for_each(partial(_alike_of, run), files, "emphysema and look-alikes", workers)
    # Scans without either say nothing of the columns' types.
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


def _alike_of(run: Run, subject: tuple[str, str]) -> pd.DataFrame:
    sid, image = subject
    truth = load_truth(run.truth / f"{sid}.nii.gz")
    volume = load_volume(image_path(run, image))
    return emphysema_or_alike(volume, truth).assign(scan=sid)
