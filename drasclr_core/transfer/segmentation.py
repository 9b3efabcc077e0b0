"""Segmentation of any data set of images and label maps: one net, slice by slice, whose way down is f_intra."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd
import torch
from monai.losses import DiceCELoss
from skimage.measure import block_reduce
from torch import Tensor

from drasclr_core.cohort.images.datasets.pairs import Case, Pair, PairSet
from drasclr_core.cohort.images.embedded.made import read_made
from drasclr_core.cohort.images.refused import sort_out
from drasclr_core.image_volume import JointEncoder, slices_of
from drasclr_core.imaging.affine import affine_matrix
from drasclr_core.imaging.refusal import refusal
from drasclr_core.pieces import file_fingerprint
from drasclr_core.transfer.fit import FitSettings, fit
from drasclr_core.transfer.slice_unet import SliceUNet
from drasclr_core.transfer.task import TransferTask

MULTIPLE = 8
"""Of pixels: what three halvings of the resolution need."""
VOXEL_MM = 3.0
"""Finer voxels of real data are averaged to nearly this size, where scores are measured too."""
RUN = 8
"""Slices that a step sees of one subject, where slices see one another."""


class Slices(NamedTuple):
    """One subject: `images` float32 [S, c, y, x] in [-1, 1], `classes` uint8 [S, y, x], `spacing` (x, y, z) in mm.

    Arrays, not tensors, so that processes share them.
    """

    images: np.ndarray
    classes: np.ndarray
    spacing: np.ndarray


class SegmentationTask(TransferTask):
    """Which structure is a pixel? Subjects whose files cannot be used are left out, and listed in `refused`.

    Parameters
    ----------
    pairs : PairSet
        Images and label maps, of voxels of about one size (see `coarser`); pairs without a label map do not count.
    key : str
    """

    along: ClassVar[bool] = False
    """Whether f_inter stands between (see `SliceUNet`)."""
    sought: ClassVar[bool] = False
    """Whether half of what a step sees holds a structure: where they are rare, a net may call everything background."""

    def __init__(self, pairs: PairSet, key: str):
        self.key, self.structures = f"{key} {self.along}", list(pairs.structures.values())
        labelled = ((pair.sid, pair) for pair in pairs.pairs if pair.label)
        found, refused = sort_out(labelled, lambda pair: self._enough(self.slices(coarser(pairs.read(pair))), pair))
        self.refused = pd.concat([pairs.refused, refused], ignore_index=True)
        widest = max((max(one.classes.shape[1:]) for one in found.values()), default=0)
        self.subjects = [squared(one, -(-widest // MULTIPLE) * MULTIPLE) for one in found.values()]
        self.sids, self.strata = list(found), np.zeros(len(found), dtype=int)

    def _enough(self, found: Slices, pair: Pair) -> Slices:
        if self.along and len(found.images) < RUN:
            raise refusal(pair.label, f"{len(found.images)} slices are fewer than the {RUN} that the net sees together",
                          "Give the whole volume, or take the task in which each slice is seen alone")  # fmt: skip
        return found

    @abstractmethod
    def slices(self, case: Case) -> Slices:
        """Returns a subject's slices as the net sees them."""

    @abstractmethod
    def judge(self, found: Tensor, true: Tensor, spacing: np.ndarray) -> dict[str, float]:
        """Returns the scores of one subject from classes [S, y, x]; NaN where one has no meaning."""

    def summary(self, means: dict[str, float]) -> dict[str, float]:
        """Returns the scores of the task from the means over subjects."""
        return means

    def score(self, encoder: JointEncoder, train: np.ndarray, test: np.ndarray, how: FitSettings, seed: int
              ) -> dict[str, float]:  # fmt: skip
        length = RUN if self.along else 1
        places = [(subject, start) for subject in train
                  for start in range(len(self.subjects[subject].images) - length + 1)]  # fmt: skip

        there = [place for place, (subject, start) in enumerate(places)
                 if self.sought and self.subjects[subject].classes[start : start + length].any()]  # fmt: skip

        def draw(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
            chosen = rng.choice(len(places), max(how.batch_size // length, 1))
            if there:
                chosen[::2] = rng.choice(there, len(chosen[::2]))
            runs = [(self.subjects[subject], slice(start, start + length))
                    for subject, start in (places[one] for one in chosen)]  # fmt: skip
            images, classes = (np.stack([subject[part][run] for subject, run in runs]) for part in (0, 1))
            return torch.from_numpy(images), torch.from_numpy(classes).long().flatten(0, 1)[:, None]

        encoder.intra.widen(self.subjects[0].images.shape[1])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # of the way up, the same for every start
            net = SliceUNet(encoder, len(self.structures) + 1, self.along)
        loss = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)
        fit(net, encoder, draw, lambda logits, classes: loss(logits.flatten(0, 1), classes), how, seed)
        scores = []
        for subject in (self.subjects[one] for one in test):
            found = predicted(net, torch.tensor(subject.images), self.along)
            scores.append(self.judge(found, torch.tensor(subject.classes).long(), subject.spacing))
        return self.summary(pd.DataFrame(scores).mean().to_dict())


def coarser(case: Case) -> Case:
    """Returns a case whose voxels are about as large as `VOXEL_MM`; one with larger voxels as it is.

    Whole blocks of voxels are averaged; a block has the class that most of its voxels have, the highest of several.
    """
    steps = np.maximum(np.floor(VOXEL_MM / voxel_size(case) + 0.05).astype(int), 1)
    if (steps == 1).all():
        return case
    blocks = tuple(steps)
    whole = tuple(slice(0, size // step * step) for size, step in zip(case.label.shape, steps, strict=True))
    images = np.stack([block_reduce(image[whole], blocks, np.mean) for image in case.images])
    counts = np.stack([block_reduce((case.label[whole] == value).astype(np.uint16), blocks, np.sum)
                       for value in range(int(case.label.max()) + 1)])  # fmt: skip
    classes = (len(counts) - 1 - counts[::-1].argmax(axis=0)).astype(np.uint8)
    middle = affine_matrix(np.diag(steps.astype(float)), (steps - 1) / 2)  # of a block's voxels
    return Case(images, classes, case.affine @ middle)


def voxel_size(case: Case) -> np.ndarray:
    """Returns the voxel size along the three axes of the array in mm, float64 [3], however they lie in space."""
    return np.linalg.norm(case.affine[:3, :3], axis=0)


def as_slices(images: np.ndarray, case: Case) -> Slices:
    """Returns the axial slices of images [c, x, y, z] in [-1, 1] and of a case's classes; rows go along y."""
    stacked, classes = slices_of(torch.tensor(images)).transpose(0, 1), slices_of(torch.tensor(case.label))
    return Slices(np.ascontiguousarray(stacked.numpy(), dtype=np.float32),
                  np.ascontiguousarray(classes.numpy(), dtype=np.uint8), voxel_size(case))  # fmt: skip


def squared(subject: Slices, edge: int) -> Slices:
    """Returns slices [S, c, edge, edge]; what an image does not fill is black and no structure."""
    rows, columns = ((edge - size) // 2 for size in subject.classes.shape[1:])
    height, width = subject.classes.shape[1:]
    around = [(rows, edge - height - rows), (columns, edge - width - columns)]
    return Slices(np.pad(subject.images, [(0, 0), (0, 0), *around], constant_values=-1.0),
                  np.pad(subject.classes, [(0, 0), *around]), subject.spacing)  # fmt: skip


def predicted(net: SliceUNet, images: Tensor, along: bool) -> Tensor:
    """Returns the most likely class of each pixel [S, edge, edge], of one subject's slices [S, c, edge, edge]."""
    with torch.no_grad():
        runs = [images[None]] if along else [part[:, None] for part in images.split(32)]
        return torch.cat([net(part).flatten(0, 1).argmax(dim=1) for part in runs])


def chosen_pairs(read: Callable[[Path], PairSet], made: Path, given: Path | None, what: str) -> tuple[PairSet, str]:
    """Returns a task's data, and twelve hex digits of their files: of a folder that is given, else of notebook 50's.

    Parameters
    ----------
    read : callable
        Reads either folder, as `read_mmwhs` does.
    made : path
        Where notebook 50 makes data; of these the subjects count that its last run made (see `read_made`).
    given : path or None
        All that it holds counts.
    what : str
        What `made` holds, for the message.

    Raises
    ------
    FileNotFoundError
        Neither folder is there.
    """
    if given is not None:
        return read(given), file_fingerprint(given)
    if not made.is_dir():
        raise FileNotFoundError(f"{made.name}: no {what} yet. Run notebook 50_images_and_volumes first.")
    return read_made(made, read)
