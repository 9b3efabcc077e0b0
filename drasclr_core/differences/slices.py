"""The second paper's attention: along the slices, as it says, and along the numbers of embeddings, as its code does."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.image_volume import DeformableAttention
from drasclr_core.image_volume.volume_transformer import FeatureAttention, VolumeTransformer

SLICES, NUMBERS = 16, 16
ALONG = {"theirs": "features", "ours": "deformable"}
NEAR, FAR = (1, 2), (4, 5, 6)
"""Distances of two marked slices, in slices, that are to be told apart."""


@torch.no_grad()
def renumbered(seed: int) -> dict[str, float]:
    """Measures what becomes of attention when the numbers of the embeddings are put into another order.

    That order means nothing: a linear layer in front may give any. The weights that meet the numbers are reordered with
    them, where there are any, so that nothing that a network could have learnt is lost.

    Returns
    -------
    dict of str to float
        ``theirs``, ``ours``: how far the (reordered) output is from the first one, relative to it.
    """
    torch.manual_seed(seed)
    order = torch.randperm(NUMBERS)
    x = torch.randn(8, SLICES, NUMBERS)
    ours = DeformableAttention(NUMBERS, heads=2, head_dim=8, groups=1).eval()
    theirs = FeatureAttention(SLICES, heads=2, head_dim=8).eval()
    before = {"theirs": theirs(x)[..., order], "ours": ours(x)[..., order]}
    for layer in (ours.query, ours.key, ours.value):
        layer.weight.copy_(layer.weight[:, order])
    ours.out.weight.copy_(ours.out.weight[order])
    ours.out.bias.copy_(ours.out.bias[order])
    after = {"theirs": theirs(x[..., order]), "ours": ours(x[..., order])}
    return {name: float((after[name] - before[name]).norm() / before[name].norm()) for name in before}


def distances_told(seed: int, steps: int = 150, tested: int = 512) -> dict[str, tuple[float, float]]:
    """Learns in the lower half of volumes whether two marked slices are near each other, and asks in the upper one too.

    Both networks have one layer and are read by one linear layer of the mean over slices; only the axis of attention
    differs.

    Returns
    -------
    dict of str to (float, float)
        ``theirs``, ``ours``: the share of right answers in the half that was learnt from (new volumes), and in the
        other.
    """
    lower, upper = range(SLICES // 2), range(SLICES // 2, SLICES)
    rng = np.random.default_rng(seed)
    marks = rng.normal(size=(2, NUMBERS)).astype(np.float32) * 3
    batches = [marked(rng, marks, 64, lower) for _ in range(steps)]
    asked = [marked(rng, marks, tested, half) for half in (lower, upper)]
    return {name: _told(attention, batches, asked, seed) for name, attention in ALONG.items()}


def marked(rng: np.random.Generator, marks: np.ndarray, count: int, half: range) -> tuple[Tensor, Tensor]:
    """Returns slice embeddings of noise [count, SLICES, NUMBERS] in which two slices of a half are marked, and labels.

    The label is 1 where the two lie at a distance of `NEAR`, 0 at one of `FAR`; both are as frequent, and either mark
    may come first.
    """
    x = rng.normal(size=(count, SLICES, NUMBERS)).astype(np.float32)
    label = np.arange(count) % 2
    for row, near in enumerate(label):
        distance = int(rng.choice(NEAR if near else FAR))
        first = int(rng.integers(half.start, half.stop - distance))
        places = rng.permutation([first, first + distance])
        x[row, places] += marks
    return torch.from_numpy(x), torch.from_numpy(label).float()


def _told(attention: str, batches: list[tuple[Tensor, Tensor]], asked: list[tuple[Tensor, Tensor]], seed: int
          ) -> tuple[float, float]:  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = VolumeTransformer(NUMBERS, 1, 2, 8, 32, attention, stride=1, reach=0.5, slices=SLICES, dropout=0.0)
        head = nn.Linear(NUMBERS, 1)
    optimizer = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=0.01)
    for x, label in batches:
        loss = F.binary_cross_entropy_with_logits(head(network(x).mean(dim=1))[:, 0], label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = [((head(network(x).mean(dim=1))[:, 0] > 0) == (label > 0)).float().mean().item() for x, label in asked]
    return right[0], right[1]
