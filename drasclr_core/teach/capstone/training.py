"""DrasCLR in small: the project's own encoder, bank and local loss on the reduced phantoms, a step at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model import HU_WINDOW, ConditionalMemoryBank, Encoder, ProjectionHead, center_views, local_loss
from drasclr_core.model.losses import chance_loss
from drasclr_core.pretrain import Augmentation
from drasclr_core.pretrain.momentum import ProjectedEncoder, follow, key_network
from drasclr_core.pretrain.statistics import keep_statistics
from drasclr_core.teach.capstone.phantoms import MARGIN, PATCH, SPACING, Phantoms, open_phantoms

REP_DIM, EXPERTS, BANK = 32, 2, 128
STEPS_AT_A_LANDMARK = 2
STEPS = 100
"""Of the short training, less than ten seconds of one core; 4,000 take about five minutes, on a shared core ten."""


class Point(NamedTuple):
    """One step of a training: its number from 1 on, its loss, and the loss of who has learnt nothing in this step."""

    step: int
    loss: float
    chance: float


class Training:
    """A network that learns from the patches of some phantoms; their labels are not looked at.

    Parameters
    ----------
    phantoms : Phantoms
    temperature, momentum, rate : float
        Softmax temperature, m of the key network, learning rate at the beginning (it falls to 0 along a cosine).
    batch : int
        Phantoms in a step.
    oldest : int
        Steps for which a key may serve as a negative.
    same_place : bool
        Negatives from the landmark of the query only, as in DrasCLR; else from one bank for all.
    seed : int
    """

    def __init__(self, phantoms: Phantoms, temperature: float = 0.2, momentum: float = 0.99, rate: float = 0.002,
                 batch: int = 64, oldest: int = 25, same_place: bool = True, seed: int = 0):  # fmt: skip
        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.phantoms, self.temperature, self.momentum = phantoms, temperature, momentum
        self.rate, self.batch, self.same_place = rate, batch, same_place
        self.patches, self.locations = torch.from_numpy(phantoms.patches), torch.from_numpy(phantoms.locations)
        landmarks = len(self.locations)
        self.encoder = Encoder(REP_DIM, EXPERTS, norm="landmark", landmarks=landmarks)
        self.query = ProjectedEncoder(self.encoder, ProjectionHead(REP_DIM, REP_DIM))
        self.key = key_network(self.query)
        self.bank = ConditionalMemoryBank(landmarks if same_place else 1, BANK, REP_DIM, oldest, self.generator)
        self.augment = Augmentation(size=PATCH, spacing_mm=SPACING, translate_mm=MARGIN * SPACING)
        self.optimizer = torch.optim.Adam(self.query.parameters(), lr=rate)

    def run(self, steps: int) -> Iterator[Point]:
        """Trains; yields a `Point` after every step."""
        for step in range(steps):
            self.encoder.train()  # who looks in between leaves it in eval mode
            self.optimizer.param_groups[0]["lr"] = self.rate * (1 + math.cos(math.pi * step / steps)) / 2
            if step % (STEPS_AT_A_LANDMARK * len(self.locations)) == 0:
                order = torch.randperm(len(self.locations), generator=self.generator).tolist()
            landmark = order[step // STEPS_AT_A_LANDMARK % len(order)]
            loss, chance = self.step(landmark)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            yield Point(step + 1, loss.item(), chance.item())

    def step(self, landmark: int) -> tuple[Tensor, Tensor]:
        """Returns the local loss (Eq. 6) of a batch at one landmark, and its chance."""
        subjects = torch.randperm(len(self.patches), generator=self.generator)[: self.batch]
        patches, place = self.patches[subjects, landmark][:, None], self.locations[landmark]
        query = self.query(self.augment(patches, self.generator), place)
        follow(self.key, self.query, self.momentum)
        with torch.no_grad():
            key = self.key(self.augment(patches, self.generator), place)
        ring = landmark if self.same_place else 0
        self.bank.enqueue(ring, key, subjects)
        negatives, own_or_old = self.bank.negatives(ring, subjects)
        loss = local_loss(query, key, negatives, self.temperature, own_or_old)
        return loss, chance_loss(own_or_old)

    def finish(self) -> None:
        """Measures every landmark's own statistics, after which the encoder can be used."""
        self.encoder.train()
        keep_statistics(self.encoder, _Store(self.phantoms), self.locations, PATCH, shown=False)
        self.encoder.eval()

    def save(self, folder: Path) -> None:
        """Writes the encoder in the layout of `PatchEncoder.save_pretrained`."""
        self.finish()
        about = {"method": "drasclr", "patch_size": PATCH, "spacing_mm": SPACING, "hu_window": HU_WINDOW}
        about |= {"locations": self.phantoms.locations, "subjects": len(self.patches)}
        self.encoder.save_pretrained(folder, **about)


@torch.no_grad()
def features(encoder: Encoder, patches: np.ndarray, locations: np.ndarray) -> np.ndarray:
    """Returns h, float32 [N, L, C], of patches [N, L, n, n, n] at locations [L, 3], by an encoder in use."""
    views, places = center_views(torch.from_numpy(patches), PATCH), torch.from_numpy(locations)
    return torch.stack([encoder(views[:, j, None], places[j]) for j in range(len(places))], dim=1).numpy()


@cache
def retrained(steps: int) -> Training:
    """Returns a training on the open phantoms after so many steps, ready for use; made once in a process."""
    training = Training(open_phantoms())
    for _ in training.run(steps):
        pass
    training.finish()
    return training


class _Store:
    """Phantoms as `keep_statistics` reads them."""

    def __init__(self, phantoms: Phantoms):
        self.patches, self.size = phantoms.patches, phantoms.patches.shape[-1]
        self.sids = range(len(phantoms.patches))

    def read(self, landmark: int, subjects: np.ndarray) -> np.ndarray:
        return self.patches[subjects, landmark]
