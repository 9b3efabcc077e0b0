"""Features as deviation from the healthy at the place: how far a patch is from what healthy lungs show there.

What an encoder makes of a patch changes with the anatomy of its place, in healthy lungs too. Taking away the mean of
healthy subjects at the place, and dividing by how much they differ there, leaves what is unusual about the patch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import zarr
from torch import Tensor

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.boxes.healthy import HEALTHY
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.detector.forward import box_features
from drasclr_core.model.landmark_norm import LandmarkInterpolation
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.represent.features import is_of
from drasclr_core.run import Run

LEAST_SUBJECTS = 2
"""Fewer healthy subjects do not say how much they differ."""
LEAST_VARIANCE = 0.01
"""A variance is taken to be at least this part of the feature's mean over landmarks: few subjects may be alike."""


class DeviationEncoder(PatchEncoder):
    """An encoder whose representation is (h - mean) / sd, both of healthy subjects at the place of the patch.

    Mean and variance are known at the landmarks; at any other place they are the kernel-weighted means of those
    (Nadaraya 1964, Watson 1964), by `LandmarkInterpolation`. It does all that its encoder does, on dense maps too, but
    is not saved.

    Parameters
    ----------
    encoder : encoder of any method
        In eval mode; its description has the landmarks.
    mean, variance : float [L, rep_dim]
        Of healthy subjects at each landmark.
    """

    def __init__(self, encoder: PatchEncoder, mean: np.ndarray, variance: np.ndarray):
        super().__init__(encoder.rep_dim)
        self.encoder, self.description = encoder, dict(encoder.description)
        locations = torch.tensor(np.asarray(self.description["locations"], dtype=float))
        self.between = LandmarkInterpolation(len(locations)).double()
        self.between.place(locations)
        self.register_buffer("mean", torch.tensor(np.asarray(mean, dtype=float)))
        self.register_buffer("variance", torch.tensor(np.maximum(variance, LEAST_VARIANCE * np.mean(variance, axis=0))))
        self.to(encoder.device).eval()

    @property
    def blocks(self) -> torch.nn.ModuleList:
        """Those of the encoder, into which dense maps fold batch norm."""
        return self.encoder.blocks

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        places = location.per_sample() if isinstance(location, LocationGroups) else location.expand(len(x), 3)
        return self.deviation(self.encoder(x, location), places)

    def deviation(self, features: Tensor, locations: Tensor) -> Tensor:
        """Returns the deviations [N, rep_dim] of representations [N, rep_dim] at locations [N, 3] in [-1, 1]."""
        weight = self.between(locations)
        deviation = (features.double() - weight @ self.mean) / (weight @ self.variance).clamp_min(1e-12).sqrt()
        return deviation.to(features.dtype)


def healthy_deviation(run: Run, method: str, encoder: PatchEncoder, sids: Iterable[str]) -> DeviationEncoder:
    """Returns an encoder of deviations from some healthy subjects, whose features at the landmarks notebook 07 wrote.

    Parameters
    ----------
    run : Run
    method : str
        Folder under ``features``.
    encoder : encoder of this method
    sids : iterable of str
        Healthy subjects that train; none that is tested.

    Raises
    ------
    FileNotFoundError
        There are no features at the landmarks.
    ValueError
        They are of other landmarks or of another encoder, or of fewer than `LEAST_SUBJECTS` of the subjects.
    """
    path = run.features(method) / "patch.zarr"
    if not path.exists():
        raise FileNotFoundError(f"features/{method}/patch.zarr is missing: run notebook 07_features first, or take "
                                "features as they are.")  # fmt: skip
    array, wanted = zarr.open_array(path, mode="r"), set(sids)
    shape = (len(encoder.description["locations"]), encoder.rep_dim)
    if array.shape[1:] != shape or not is_of(array, encoder):
        raise ValueError(f"features/{method}/patch.zarr was made by another encoder or at other landmarks: run "
                         "notebook 07_features again.")  # fmt: skip
    rows = np.flatnonzero([sid in wanted for sid in array.attrs["sids"]])
    if len(rows) < LEAST_SUBJECTS:
        raise ValueError(f"features/{method}/patch.zarr has {len(rows)} of {len(wanted)} healthy training subjects: "
                         f"at least {LEAST_SUBJECTS} are needed to say what is usual.")  # fmt: skip
    features = array.oindex[rows].astype(float)
    return DeviationEncoder(encoder, features.mean(axis=0), features.var(axis=0, ddof=1))


def encoders_by_fold(run: Run, method: str, encoder: PatchEncoder, boxes: Boxes, deviation: bool) -> list[PatchEncoder]:
    """Returns, for each tested fold, the encoder whose features its readouts see.

    It is the encoder itself, or with `deviation` that of deviations from the healthy subjects of the *other* folds.

    Raises
    ------
    FileNotFoundError, ValueError
        As `healthy_deviation`.
    """
    folds = range(int(boxes.fold.max()) + 1)
    if not deviation:
        return [encoder for _ in folds]
    healthy = boxes.table[boxes.table["subtype"] == HEALTHY]
    trained = [healthy.loc[healthy["fold"] != fold, "sid"].unique() for fold in folds]
    return [healthy_deviation(run, method, encoder, sids) for sids in trained]


def features_by_fold(encoders: Sequence[PatchEncoder], patches: BoxPatches) -> np.ndarray:
    """Returns the boxes' representations by each of `encoders_by_fold`, [F, N, D]; [N, D] where all are the same."""
    if all(encoder is encoders[0] for encoder in encoders):
        return box_features(encoders[0], patches)
    return np.stack([box_features(encoder, patches) for encoder in encoders])
