"""Lung nodule detection: candidates of phantoms, most of them vessels; FROC and LUNA16's score."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from drasclr_core.cohort.images.embedded import NoduleCohort, read_nodule_cohort
from drasclr_core.evaluate.froc import competition_metric, froc
from drasclr_core.image_volume import JointEncoder
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.pieces import file_fingerprint
from drasclr_core.run import Run
from drasclr_core.transfer.detection import FINETUNED, LINEAR, cube_features, scores_of_samples, stage_features
from drasclr_core.transfer.fit import FitSettings
from drasclr_core.transfer.task import TransferTask


class NoduleDetection(TransferTask):
    """Is a candidate's cube a nodule? Volumes go through f_intra and f_inter, or through a network of cubes.

    Parameters
    ----------
    cohort : NoduleCohort
    key : str
    """

    title = "Lung nodules"
    metrics = (f"CPM, {FINETUNED}", f"patch AUC, {FINETUNED}", f"CPM, {LINEAR}", f"patch AUC, {LINEAR}")

    cubes = True

    def __init__(self, cohort: NoduleCohort, key: str):
        self.cohort, self.key = cohort, key
        with_candidates = set(cohort.candidates["sid"])
        self.sids = [sid for sid in cohort.sids if sid in with_candidates]
        self.strata = np.zeros(len(self.sids), dtype=int)

    @classmethod
    def of(cls, run: Run, folder: Path | None = None) -> NoduleDetection:
        folder = run.cohort / "nodules"
        return cls(read_nodule_cohort(folder), file_fingerprint(folder))

    @cached_property
    def samples(self) -> Tensor:
        """float32 [N, 1, n, n, n] in [-1, 1]."""
        stored = torch.from_numpy(self.cohort.cubes(np.arange(len(self.cohort.candidates))))
        return normalise(above_air(stored))[:, None]

    def score(self, encoder: JointEncoder | GenesisEncoder, train: np.ndarray, test: np.ndarray, how: FitSettings,
              seed: int) -> dict[str, float]:  # fmt: skip
        candidates = self.cohort.candidates
        owner = np.array([self.sids.index(sid) for sid in candidates["sid"]])
        labels = candidates["nodule"].to_numpy(dtype=int)
        rows = [np.flatnonzero(np.isin(owner, subjects)) for subjects in (train, test)]
        embed = partial(stage_features if isinstance(encoder, JointEncoder) else cube_features, encoder)
        seen = None if encoder.description else self.samples[rows[0]]  # a trained encoder has statistics of the lung
        found = scores_of_samples(encoder, embed, seen, self.samples, labels, owner, *rows, how, seed)
        scans = [self.sids[subject] for subject in test]
        nodules = self.cohort.nodules[self.cohort.nodules["sid"].isin(scans)]
        tested, truth = candidates.iloc[rows[1]], labels[rows[1]]
        return {
            f"{metric}, {way}": value
            for way in (FINETUNED, LINEAR)
            for metric, value in (
                ("CPM", competition_metric(froc(nodules, tested, found[way], scans)) if len(nodules) else np.nan),
                ("patch AUC", roc_auc_score(truth, found[way]) if len(set(truth)) == 2 else np.nan),
            )
        }
