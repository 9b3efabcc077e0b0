"""Clustering engines: SwAV and DeepCluster-V2 (Caron et al., NeurIPS 2020), for embeddings of images or of volumes.

Both take the embeddings of two views of some samples and give the loss of predicting their clusters. Of several
processes each has some samples of a batch, and all know the clusters of all of it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.image_volume.losses import sinkhorn, spherical_kmeans, swapped_loss

UNKNOWN = -1
"""Cluster of a sample that none was found for yet."""


class Samples(NamedTuple):
    """Which samples a process has.

    Attributes
    ----------
    numbers : int64 Tensor [n]
        By which a sample is known again in later epochs.
    rows : int64 Tensor [n]
        Positions in the batch of all processes.
    batch, total : int
        Samples in that batch, and in all.
    epoch : int
    """

    numbers: Tensor
    rows: Tensor
    batch: int
    total: int
    epoch: int


class SwAV(nn.Module):
    """Swapped prediction: each view tells the prototype to which `sinkhorn` assigns the other (Eq. 1 to 5).

    Parameters
    ----------
    dim, prototypes : int
        Length of an embedding, C, and number of prototypes, K.
    temperature, epsilon : float
        Of the softmax and of the assignment.
    iterations : int
        Of the assignment.
    """

    def __init__(self, dim: int, prototypes: int = 3000, temperature: float = 0.1, epsilon: float = 0.05,
                 iterations: int = 3):  # fmt: skip
        super().__init__()
        self.temperature, self.epsilon, self.iterations = temperature, epsilon, iterations
        self.prototypes = nn.Parameter(F.normalize(torch.randn(prototypes, dim), dim=1))

    @property
    def guessing(self) -> float:
        """The loss of who has learnt nothing."""
        return math.log(len(self.prototypes))

    def forward(self, first: Tensor, second: Tensor, samples: Samples, frozen: bool = False) -> tuple[Tensor, Tensor]:
        """Returns the loss, and which share of the prototypes is in use.

        Parameters
        ----------
        first, second : Tensor [n, C]
            Unit vectors, of two views.
        samples : Samples
        frozen : bool
            No gradient reaches the prototypes.
        """
        with torch.no_grad():
            self.prototypes.copy_(F.normalize(self.prototypes, dim=1))
        prototypes = self.prototypes.detach() if frozen else self.prototypes
        scores = [view @ prototypes.T for view in (first, second)]
        assigned = [sinkhorn(_gathered(view, samples), self.epsilon, self.iterations)[samples.rows] for view in scores]
        return swapped_loss(*scores, *assigned, self.temperature), in_use(torch.cat(scores) / self.temperature)


class DeepCluster(nn.Module):
    """DeepCluster-V2: views tell the cluster in which k-means found their sample.

    A memory keeps the newest embeddings of two views of every sample. As an epoch begins, spherical k-means clusters
    the memory anew for each head, every other head one view and every other the other, and its centroids overwrite the
    prototypes. A first clustering comes once the memory holds twice as many samples as there are prototypes; before it,
    the loss is that of guessing, without a gradient. While the memory fills, another comes whenever it holds twice as
    many as at the last: the first sees few samples, by a network that has learnt nothing, and the first epoch may be
    the only one. A sample that the memory did not hold then is assigned as it comes, by the embedding that a clustering
    would have seen.

    Parameters
    ----------
    dim, prototypes, heads : int
        Length of an embedding, C; number of prototypes of each head, K; number of heads, H.
    temperature : float
        Of the softmax.
    iterations : int
        Of k-means.
    seed : int
        Chooses the samples that k-means begins with.
    """

    def __init__(self, dim: int, prototypes: int = 3000, heads: int = 3, temperature: float = 0.1,
                 iterations: int = 10, seed: int = 0):  # fmt: skip
        super().__init__()
        self.temperature, self.iterations, self.seed = temperature, iterations, seed
        self.prototypes = nn.Parameter(F.normalize(torch.randn(heads, prototypes, dim), dim=2))
        self.memory: dict[str, Tensor] = {}
        self.clustered = UNKNOWN

    @property
    def guessing(self) -> float:
        """The loss of who has learnt nothing."""
        return math.log(self.prototypes.shape[1])

    def get_extra_state(self) -> dict:
        """The memory, whose size only the first batch tells, and the epoch of the last clustering."""
        return {"memory": self.memory, "clustered": self.clustered}

    def set_extra_state(self, state: dict) -> None:
        self.memory, self.clustered = dict(state["memory"]), state["clustered"]

    def forward(self, first: Tensor, second: Tensor, samples: Samples, frozen: bool = False) -> tuple[Tensor, Tensor]:
        """Returns the loss, and which share of the prototypes is in use; parameters as in `SwAV.forward`."""
        self._remember(first, second, samples)
        if self._enough(samples.epoch):
            self._cluster(samples.epoch)
        prototypes = self.prototypes.detach() if frozen else self.prototypes
        scores = torch.stack([first, second]) @ prototypes.mT[:, None] / self.temperature  # [H, 2, n, K]
        used = in_use(scores.flatten(0, 2))
        if self.clustered == UNKNOWN:
            return 0 * scores.sum() + self.guessing, used
        found, views = self.memory["clusters"][:, samples.numbers], torch.arange(len(scores)) % 2
        nearest = scores.detach()[torch.arange(len(scores)), views].argmax(dim=2)
        targets = torch.where(found == UNKNOWN, nearest, found)[:, None].expand(-1, 2, -1)
        return F.cross_entropy(scores.flatten(0, 2), targets.flatten()), used

    @torch.no_grad()
    def _remember(self, first: Tensor, second: Tensor, samples: Samples) -> None:
        if not self.memory:
            where, heads = {"device": first.device}, len(self.prototypes)
            self.memory = {"views": torch.zeros(2, samples.total, first.shape[1], **where),
                           "held": torch.zeros(samples.total, dtype=torch.bool, **where),
                           "clusters": torch.full((heads, samples.total), UNKNOWN, **where)}  # fmt: skip
        numbers = _gathered(samples.numbers[:, None], samples)[:, 0]
        self.memory["held"][numbers] = True
        for crop, view in zip(self.memory["views"], (first, second), strict=True):
            crop[numbers] = _gathered(view, samples).to(crop)

    def _enough(self, epoch: int) -> bool:
        """Whether it is time to cluster: a new epoch after the first clustering, or twice as many samples as then."""
        if self.clustered not in (UNKNOWN, epoch):
            return True
        then = int((self.memory["clusters"][0] != UNKNOWN).sum())
        return int(self.memory["held"].sum()) >= 2 * max(then, self.prototypes.shape[1])

    @torch.no_grad()
    def _cluster(self, epoch: int) -> None:
        held = self.memory["held"].nonzero()[:, 0]
        for head, prototypes in enumerate(self.prototypes):
            rows = self.memory["views"][head % 2][held]
            start = np.random.default_rng([self.seed, epoch, head]).permutation(len(rows))[: len(prototypes)]
            centroids, assigned = spherical_kmeans(rows, rows[torch.from_numpy(start).to(rows.device)], self.iterations)
            prototypes.copy_(centroids)
            self.memory["clusters"][head, held] = assigned
        self.clustered = epoch


@torch.no_grad()
def in_use(logits: Tensor) -> Tensor:
    """Returns the number of clusters that are as good as used, as a share of all: exp of the entropy of their shares.

    `logits` are [n, K]; the result is near 1 / K where all samples are in one cluster.
    """
    shares = logits.softmax(dim=1).mean(dim=0)
    return torch.special.entr(shares).sum().exp() / len(shares)


@torch.no_grad()
def _gathered(values: Tensor, samples: Samples) -> Tensor:
    """The rows [batch, ...] of all processes, in the batch's order, of which this one has [n, ...]."""
    if not (dist.is_available() and dist.is_initialized()):
        return values
    whole = values.new_zeros(samples.batch, *values.shape[1:])
    whole[samples.rows] = values
    dist.all_reduce(whole)  # every row is zero but in the process that made it
    return whole
