"""What detection loses when an encoder is told another place than that of the patch (paper, Section 4.4.2, Table 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.location.places import mirrored_locations, random_locations, shifted_locations
from drasclr_core.detect.readouts.readouts import Readout, fit_readout, linear_predictions
from drasclr_core.detect.scoring.scores import ACCURACY, detection_draws, fold_scores
from drasclr_core.evaluate.ablations.seeds import pool_draws, pool_scores
from drasclr_core.evaluate.statistics.intervals import paired_difference
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.model.patch_encoder import PatchEncoder

OWN, RANDOM, MIRRORED = "patch_location", "random_location", "mirrored"
"""What the encoder is told: the place of the patch, a random one in the lungs, or the same in the other lung."""


def places_told(patches: BoxPatches, atlas: Atlas, distances_mm: Sequence[float], draws: int = 1, seed: int = 0
                ) -> dict[str, np.ndarray]:  # fmt: skip
    """Returns locations float32 [N, 3] by what the encoder is told.

    `OWN`; `RANDOM`; ``shifted_<mm>`` for each of the distances; `MIRRORED`. What is random is drawn `draws` times, the
    second as ``<name>_seed1`` and so on, which `pool_draws` puts together.
    """
    told = {OWN: patches.clipped(), MIRRORED: mirrored_locations(patches)}
    for number in range(draws):
        ending = f"_seed{number}" if number else ""
        told[f"{RANDOM}{ending}"] = random_locations(patches, atlas, seed + number)
        for distance in distances_mm:
            told[f"shifted_{distance:g}{ending}"] = shifted_locations(patches, atlas, distance, seed + number)
    return told


def told_elsewhere(boxes: Boxes, subtypes: Sequence[str], encoder: PatchEncoder, told: Mapping[str, np.ndarray],
                   refitted: bool = True, seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Returns held-out predictions of linear readouts of the same boxes, for each place that the encoder is told.

    Parameters
    ----------
    boxes : Boxes
    subtypes : sequence of str
    encoder : PatchEncoder
        In eval mode.
    told : mapping of str to float [N, 3]
        From `places_told`; must have `OWN`.
    refitted : bool
        Whether the readout is trained on features of the same moved places, as in the paper. Else it is trained on
        features at the right places, and only the tested boxes are moved.
    seed : int

    Returns
    -------
    DataFrame
        As from `linear_predictions`; ``method`` is what was told.
    """
    own, parts = None, []
    for name in (OWN, *(name for name in told if name != OWN)):
        features = box_features(encoder, boxes.patches, told[name])
        if refitted or own is None:
            fitted = fit_readout(boxes, subtypes, name, features, seed)
            own = own or fitted
        else:
            fitted = Readout(name, features, own.fitted)
        parts.append(linear_predictions(boxes, fitted))
    return pd.concat(parts, ignore_index=True)


class Sensitivity(NamedTuple):
    """What `location_sensitivity` returns.

    Attributes
    ----------
    curve : DataFrame
        ``told, task, refitted, accuracy, change, low, high``: accuracy in per cent, and its change against the right
        place in points with a paired 95 % interval, over subjects and over the places drawn.
    scores, draws : DataFrame
        Of `fold_scores` and `pool_draws`, refitted, for `OWN` and `RANDOM`: Table 7.
    """

    curve: pd.DataFrame
    scores: pd.DataFrame
    draws: pd.DataFrame


def location_sensitivity(boxes: Boxes, subtypes: Sequence[str], encoder: PatchEncoder, told: Mapping[str, np.ndarray],
                         draws: int = 1000, seed: int = 0) -> Sensitivity:  # fmt: skip
    """Measures what detection loses, with readouts that are refitted and not.

    Parameters
    ----------
    boxes, subtypes, encoder, told, seed
        As in `told_elsewhere`.
    draws : int
        Bootstrap draws of subjects.
    """
    curves, table7 = [], []
    for refitted in (True, False):
        predicted = told_elsewhere(boxes, subtypes, encoder, told, refitted, seed)
        pooled = pool_draws(detection_draws(predicted, "direct", draws, seed, (ACCURACY,)), seed)
        subjects = predicted.groupby("task")["sid"].nunique()
        curves.append(_changes(pooled, subjects).assign(refitted=refitted))
        if refitted:
            scores = pool_scores(fold_scores(predicted, "direct", (ACCURACY,)))
            table7 = [table[table["method"].isin((RANDOM, OWN))] for table in (scores, pooled)]
    return Sensitivity(pd.concat(curves, ignore_index=True), *table7)


def _changes(pooled: pd.DataFrame, subjects: pd.Series) -> pd.DataFrame:
    rows = []
    for task, own in pooled.groupby("task", sort=False):
        wide = own.pivot(index="draw", columns="method", values="value")
        for name in dict.fromkeys(own["method"]):
            found = paired_difference(wide[name], wide[OWN], ACCURACY, subjects[task]) if name != OWN else None
            change, low, high = found[:3] if found else (0.0, np.nan, np.nan)
            rows.append({"told": name, "task": task, "accuracy": wide[name][SAMPLE], "change": change, "low": low,
                         "high": high})  # fmt: skip
    return pd.DataFrame(rows)
