"""The share of a box's voxels that a linear readout calls positive: what the paper's rule for boxes needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from torch import nn

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.readouts.readouts import Readout, as_detector
from drasclr_core.detect.scoring.voxels import positive_share, voxel_shares
from drasclr_core.progress import track


def network_shares(table: pd.DataFrame, boxes: Boxes, readout: Readout, encoder_of: Callable[[int], nn.Module],
                   stride: int = 4) -> pd.DataFrame:  # fmt: skip
    """Returns the predictions of a readout of an encoder's features with their `share` of positive voxels.

    Parameters
    ----------
    table : DataFrame
        From `linear_predictions`, of this readout.
    encoder_of : callable
        Tested fold -> encoder, in eval mode, whose representations are the readout's features of that fold.
    stride : int
        In voxels, see `voxel_shares`.
    """

    def shares(fold: int, fitted: list[Pipeline], tested: np.ndarray) -> np.ndarray:
        encoder = encoder_of(fold)
        heads = [as_detector(encoder, one).probability for one in fitted]
        return voxel_shares(encoder, heads, boxes.patches, tested, stride)  # one pass serves all subtypes

    return _with_shares(table, readout, shares)


def value_shares(table: pd.DataFrame, readout: Readout, around: Callable[[int], np.ndarray]) -> pd.DataFrame:
    """Returns the predictions of a readout of plain values with their `share` of positive voxels.

    Parameters
    ----------
    table : DataFrame
        From `linear_predictions`, of this readout.
    around : callable
        Row of the boxes -> the values [P, D] at the places at which `voxel_shares` asks a network.
    """

    def shares(_: int, fitted: list[Pipeline], tested: np.ndarray) -> np.ndarray:
        values = [around(row) for row in tested]
        return np.array([[positive_share(one.predict_proba(own)[:, 1]) for one in fitted] for own in values])

    return _with_shares(table, readout, shares)


def _with_shares(table: pd.DataFrame, readout: Readout, shares: Callable[[int, list[Pipeline], np.ndarray], np.ndarray]
                 ) -> pd.DataFrame:  # fmt: skip
    """The table with the shares [T, subtypes] that the readouts of each fold give to its tested boxes [T]."""
    subtypes, parts = readout.subtypes, []
    for fold, part in track(list(table.groupby("fold")), f"voxels, {readout.method}"):
        here = [subtype for subtype in subtypes if (subtype, fold) in readout.fitted]
        tested = np.unique(part["box"])
        found = shares(int(fold), [readout.fitted[subtype, fold] for subtype in here], tested)
        columns = part["task"].map([name.capitalize() for name in here].index)
        parts.append(part.assign(share=found[np.searchsorted(tested, part["box"]), columns]))
    return pd.concat(parts, ignore_index=True)
