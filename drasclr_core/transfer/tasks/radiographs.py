"""Abnormal chest X-rays: simulated radiographs of phantoms with COVID-19, with emphysema, and with neither."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from drasclr_core.cohort.images import joined, read_stream, stream_folder
from drasclr_core.image_volume import JointEncoder
from drasclr_core.pieces import file_fingerprint
from drasclr_core.run import Run
from drasclr_core.transfer.detection import FINETUNED, LINEAR, scores_of_samples
from drasclr_core.transfer.fit import FitSettings
from drasclr_core.transfer.task import TransferTask

KINDS = ("abnormal", "covid", "emphysema")
"""All of what is abnormal, and each kind of it, against what is normal."""


class AbnormalRadiographs(TransferTask):
    """Is a radiograph abnormal? Of the encoder only f_intra sees it.

    The cohorts of a run are put together, so that a run with copd and covid phantoms has both kinds. Cohorts differ in
    more than disease (age, smoking, airways), so an abnormal radiograph is compared with the normal ones of its own
    cohort (`auc_within`): who knows the cohort and nothing else scores 0.5.

    Parameters
    ----------
    folders : dict of str to Path
        The stream of radiographs of each cohort.
    """

    title = "Abnormal radiographs"
    metrics = tuple(f"AUC {kind}, {way}" for way in (FINETUNED, LINEAR) for kind in KINDS)

    def __init__(self, folders: dict[str, Path]):
        streams = [(cohort, read_stream(folder)) for cohort, folder in folders.items()]
        for cohort, stream in streams:
            stream.table["sid"] = f"{cohort}/" + stream.table["sid"]
            stream.table["cohort"] = cohort
        self.stream = joined(*(stream for _, stream in streams))
        table = self.stream.table
        if "abnormal" not in table or table["abnormal"].isna().any():
            raise FileNotFoundError("radiographs without known findings: only those of phantoms have them")
        self.sids = sorted(set(table["sid"]))
        whose = table.groupby("sid")[["covid", "emphysema"]].max().loc[self.sids]
        cohort = table.groupby("sid")["cohort"].first().loc[self.sids].map(list(folders).index)
        self.findings = (whose["covid"] + 2 * whose["emphysema"]).to_numpy(dtype=int)
        self.strata = self.findings + 4 * cohort.to_numpy()
        self.key = " ".join(["within cohorts", *(file_fingerprint(folder) for folder in folders.values())])

    @classmethod
    def of(cls, run: Run, folder: Path | None = None) -> AbnormalRadiographs:
        cohorts = sorted(path.parts[-4] for path in run.folder.glob("*/images_2d/radiographs/images.parquet"))
        if not cohorts:
            raise FileNotFoundError("radiographs: no stream of images yet. Run notebook 50_images_and_volumes first.")
        return cls({name: stream_folder(Run(str(run.folder), name), "radiographs") for name in cohorts})

    @property
    def classes(self) -> np.ndarray:
        return (self.findings > 0).astype(int)

    @cached_property
    def images(self) -> Tensor:
        """float32 [N, 1, edge, edge] in [-1, 1]."""
        return torch.from_numpy(2 * self.stream.read(np.arange(len(self.stream))) - 1)[:, None]

    def score(self, encoder: JointEncoder, train: np.ndarray, test: np.ndarray, how: FitSettings, seed: int
              ) -> dict[str, float]:  # fmt: skip
        table = self.stream.table
        owner = np.searchsorted(self.sids, table["sid"])
        labels = table["abnormal"].to_numpy(dtype=int)
        rows = [np.flatnonzero(np.isin(owner, subjects)) for subjects in (train, test)]
        embed = encoder.intra.pooled
        seen = self.images[rows[0]]  # radiographs have other statistics of batch norm than slices
        found = scores_of_samples(encoder, embed, seen, self.images, labels, owner, *rows, how, seed)
        tested, made = table.iloc[rows[1]], {}
        for way, scores in found.items():
            for kind in KINDS:
                asked = ((tested[kind] == 1) | (tested["abnormal"] == 0)).to_numpy(dtype=bool)
                truth, cohort = (tested[name].to_numpy()[asked] for name in ("abnormal", "cohort"))
                made[f"AUC {kind}, {way}"] = auc_within(truth.astype(int), scores[asked], cohort)
        return {name: made[name] for name in self.metrics}


def auc_within(truth: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> float:
    """Returns the share of pairs, one ill and one not of the same group, of which the ill one scores higher.

    A tie counts half.

    Parameters
    ----------
    truth : int [N]
        1 for ill, 0 for not.
    scores : float [N]
    groups : [N]
        Pairs across groups do not count, so that what tells groups apart is worth nothing. NaN without any pair.
    """
    right, pairs = 0.0, 0
    for group in np.unique(groups):
        here = groups == group
        count = int(truth[here].sum()) * int((1 - truth[here]).sum())
        if count:
            right += count * roc_auc_score(truth[here], scores[here])
            pairs += count
    return right / pairs if pairs else float("nan")
