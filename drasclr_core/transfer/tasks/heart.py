"""Segmentation of heart structures: phantom hearts with contrast agent, slice by slice; Dice and Hausdorff distance."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from monai.losses import DiceCELoss
from monai.metrics import compute_dice, compute_hausdorff_distance
from torch import Tensor

from drasclr_core.cohort.images.datasets import read_mmwhs
from drasclr_core.cohort.images.datasets.pairs import Case, PairSet
from drasclr_core.image_volume import JointEncoder, slices_of
from drasclr_core.imaging.constants import CONTRAST_WINDOW
from drasclr_core.imaging.window import brightness
from drasclr_core.pieces import file_fingerprint
from drasclr_core.run import Run
from drasclr_core.transfer.fit import FitSettings, fit
from drasclr_core.transfer.slice_unet import SliceUNet
from drasclr_core.transfer.task import TransferTask

PERCENTILE = 95
MULTIPLE = 8
"""Of pixels: what three halvings of the resolution need."""


class HeartStructures(TransferTask):
    """Which of seven structures is a pixel? The net is a U-Net on slices whose way down is f_intra.

    Parameters
    ----------
    pairs : PairSet
        Images and label maps, of voxels of one size.
    key : str
    along : bool
        Whether f_inter stands between (see `SliceUNet`).
    """

    title = "Heart structures"
    metrics = ("Dice", "HD95")
    lower = ("HD95",)
    along = False

    def __init__(self, pairs: PairSet, key: str):
        self.pairs, self.key = [pair for pair in pairs.pairs if pair.label], f"{key} {self.along}"
        self.structures, self.read = list(pairs.structures.values()), pairs.read
        self.sids = [pair.sid for pair in self.pairs]
        self.strata = np.zeros(len(self.sids), dtype=int)

    @classmethod
    def of(cls, run: Run) -> HeartStructures:
        folder = run.cohort / "hearts"
        if not folder.is_dir():
            raise FileNotFoundError("hearts: no phantom hearts yet. Run notebook 50_images_and_volumes first.")
        return cls(read_mmwhs(folder), file_fingerprint(folder))

    @cached_property
    def hearts(self) -> list[tuple[Tensor, Tensor, np.ndarray]]:
        """Of each subject slices float32 [S, edge, edge] in [-1, 1], classes int64 of that shape, voxel size in mm."""
        cases = [self.read(pair) for pair in self.pairs]
        widest = max(max(case.label.shape[:2]) for case in cases)
        edge = -(-widest // MULTIPLE) * MULTIPLE
        return [heart_slices(case, edge) for case in cases]

    def score(self, encoder: JointEncoder, train: np.ndarray, test: np.ndarray, how: FitSettings, seed: int
              ) -> dict[str, float]:  # fmt: skip
        length = 8 if self.along else 1
        places = [(subject, start) for subject in train for start in range(len(self.hearts[subject][0]) - length + 1)]

        def draw(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
            chosen = rng.choice(len(places), max(how.batch_size // length, 1))
            runs = [(self.hearts[subject], slice(start, start + length))
                    for subject, start in (places[one] for one in chosen)]  # fmt: skip
            slices, classes = (torch.stack([heart[part][run] for heart, run in runs]) for part in (0, 1))
            return slices, classes.flatten(0, 1)[:, None]

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # of the way up, the same for every start
            net = SliceUNet(encoder, len(self.structures) + 1, self.along)
        loss = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)
        fit(net, encoder, draw, lambda logits, classes: loss(logits.flatten(0, 1), classes), how, seed)
        scores = []
        for subject in test:
            slices, true, spacing = self.hearts[subject]
            scores.append(overlaps(predicted(net, slices, self.along), true, spacing, len(self.structures)))
        mean = np.ma.masked_invalid(scores).mean(axis=0)  # [structures, 2]
        made = dict(zip(self.metrics, mean.mean(axis=0).filled(np.nan), strict=True))
        mean = mean.filled(np.nan)
        parts = {f"{metric}: {name}": mean[row, column] for column, metric in enumerate(self.metrics)
                 for row, name in enumerate(self.structures)}  # fmt: skip
        return made | parts


def heart_slices(case: Case, edge: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Returns axial slices float32 [S, edge, edge] in [-1, 1], their classes int64, and the voxel size (x, y, z), mm.

    What the image does not fill is black and no structure.
    """
    shape = np.array(case.label.shape)
    before = (edge - shape[:2]) // 2
    around = [(low, edge - size - low) for low, size in zip(before, shape[:2], strict=True)] + [(0, 0)]
    bright = 2 * brightness(case.images[0], CONTRAST_WINDOW) - 1
    image, label = np.pad(bright, around, constant_values=-1.0), np.pad(case.label, around)
    slices, classes = (slices_of(torch.from_numpy(np.ascontiguousarray(part))) for part in (image, label))
    return slices.float(), classes.long(), np.abs(np.diag(case.affine)[:3])


def predicted(net: SliceUNet, slices: Tensor, along: bool) -> Tensor:
    """Returns the most likely class of each pixel [S, edge, edge], of one subject's slices."""
    with torch.no_grad():
        runs = [slices[None]] if along else [part[:, None] for part in slices.split(32)]
        return torch.cat([net(part).flatten(0, 1).argmax(dim=1) for part in runs])


def overlaps(found: Tensor, true: Tensor, spacing: np.ndarray, structures: int) -> np.ndarray:
    """Returns Dice and the 95th percentile of the Hausdorff distance (mm) of each structure [structures, 2].

    A structure that is there and not found has Dice 0 and, for a distance, the diagonal of the volume; one that is not
    there has none (NaN).

    Parameters
    ----------
    found, true : int64 Tensor [S, y, x]
    spacing : float [3]
        Along x, y, z, in mm.
    structures : int
        Classes beside the background.
    """
    masks = [F.one_hot(part, structures + 1).movedim(-1, 0)[None, 1:].float() for part in (found, true)]
    seen, there = (part[0].flatten(1).any(dim=1).numpy() for part in masks)
    scores = np.full((structures, 2), np.nan)
    scores[:, 0] = compute_dice(*masks)[0].numpy()
    scores[there, 1] = np.linalg.norm(np.array(true.shape) * spacing[::-1])
    both = np.flatnonzero(seen & there)
    if len(both):
        pair = [part[:, both] for part in masks]
        scores[both, 1] = compute_hausdorff_distance(
            *pair, include_background=True, percentile=PERCENTILE, spacing=list(spacing[::-1])
        )[0].numpy()
    return scores
