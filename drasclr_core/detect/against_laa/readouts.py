"""Linear readouts of several encoders on the same boxes, against the share of low attenuation (paper, Table 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from torch import nn

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.readouts.low_attenuation import low_attenuation_share, low_attenuation_voxels
from drasclr_core.detect.readouts.readouts import everything_positive, fit_readout, linear_predictions
from drasclr_core.detect.readouts.shares import network_shares, value_shares
from drasclr_core.detect.scoring.scores import BOX_RULES, against_healthy, detection_draws, fold_scores
from drasclr_core.evaluate.ablations.seeds import pool_draws, pool_scores
from drasclr_core.evaluate.statistics.comparison import compare_methods

PATCH_LAA, METRIC = "patch_laa", "F1"


def readouts_against_laa(boxes: Boxes, subtypes: Sequence[str], encoders: Mapping[str, nn.Module], reference: str,
                         stride: int, draws: int, seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Returns F1 of readouts of one training minus that of patch LAA, of others and of calling everything positive.

    All readouts are fitted alike, to boxes of a subtype and healthy ones. Trainings that differ by their seed are one
    row (`pool_draws`).

    Parameters
    ----------
    boxes : Boxes
    subtypes : sequence of str
        At least one.
    encoders : mapping of str to Module
        Training -> encoder, in eval mode.
    reference : str
        One of them.
    stride : int
        In voxels, see `network_shares`.
    draws : int
        Bootstrap draws of subjects, and of trainings.
    seed : int
        Of inner folds and draws.

    Returns
    -------
    DataFrame
        As from `compare_methods`, and ``rule``, one of `BOX_RULES`.
    """
    features = {PATCH_LAA: low_attenuation_share(boxes.patches)}
    features |= {name: box_features(encoder, boxes.patches) for name, encoder in encoders.items()}
    fitted = {name: fit_readout(boxes, subtypes, name, matrix, seed) for name, matrix in features.items()}
    linear = {name: linear_predictions(boxes, readout) for name, readout in fitted.items()}
    parts = [everything_positive(boxes, subtypes),
             value_shares(linear[PATCH_LAA], fitted[PATCH_LAA], low_attenuation_voxels(boxes.patches, stride)),
             *(network_shares(linear[name], boxes, fitted[name], lambda _, encoder=encoder: encoder, stride)
               for name, encoder in encoders.items())]  # fmt: skip
    tested, found = against_healthy(pd.concat(parts, ignore_index=True)), []
    for rule in BOX_RULES:
        scores = pool_scores(fold_scores(tested, rule, [METRIC]))
        drawn = pool_draws(detection_draws(tested, rule, draws, seed, [METRIC]), seed)
        found.append(compare_methods(scores, reference, draws=drawn).assign(rule=rule))
    return pd.concat(found, ignore_index=True)
