"""What detection loses when an encoder is told another place than that of the patch (paper, Section 4.4.2, Table 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.location.places import mirrored_locations, random_locations, shifted_locations
from drasclr_core.detect.readouts.readouts import Readout, fit_readout, linear_predictions
from drasclr_core.evaluate.ablations.seeds import pool_draws
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


def sensitivity_curve(draws: pd.DataFrame, subjects: Mapping[str, int], seed: int = 0) -> pd.DataFrame:
    """Returns by how much accuracy falls with what is told, against the patch's own place, with paired intervals.

    Parameters
    ----------
    draws : DataFrame
        From `accuracy_draws`.
    subjects : mapping of str to int
        How many were tested, by task.
    seed : int

    Returns
    -------
    DataFrame
        ``told, task, accuracy, change, low, high``, in points; the interval (95 %) holds the drawn places too.
    """
    pooled, rows = pool_draws(draws, seed), []
    for task, own in pooled.groupby("task", sort=False):
        wide = own.pivot(index="draw", columns="method", values="value")
        for name in dict.fromkeys(own["method"]):
            found = paired_difference(wide[name], wide[OWN], "accuracy", subjects[task]) if name != OWN else None
            change, low, high = found[:3] if found else (0.0, np.nan, np.nan)
            rows.append({"told": name, "task": task, "accuracy": wide[name][SAMPLE], "change": change, "low": low,
                         "high": high})  # fmt: skip
    return pd.DataFrame(rows)
