"""What the contrast sees: repeated border, a subject's own keys, and keys that give themselves away by their age."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.model.losses import contrast_logits
from drasclr_core.model.memory_bank import ConditionalMemoryBank
from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.pretrain.sampling import LandmarkSampler
from drasclr_core.pretrain.views import step_generator


def border(matrices: Tensor, size: int, context: int) -> Tensor:
    """Returns which voxels of a view show repeated border, bool [B, size, size, size].

    Parameters
    ----------
    matrices : Tensor [B, 3, 4]
        From view voxels to patch voxels, as `Augmentation.draw_affine` makes them.
    size, context : int
        Edge of the view; voxels that the stored patch has beyond it on each side (0: a bare patch, the mistake).
    """
    axis = torch.arange(size) - (size - 1) / 2
    voxels = torch.cartesian_prod(axis, axis, axis)
    points = voxels @ matrices[:, :, :3].transpose(1, 2) + matrices[:, None, :, 3]
    outside = points.abs() > (size - 1) / 2 + context
    return outside.any(dim=-1).view(-1, size, size, size)


def border_share(context: int, seed: int, size: int = 32, views: int = 256) -> float:
    """Returns the share of an average view's voxels that are repeated border, with the paper's random changes."""
    matrices = Augmentation(size).draw_affine(views, step_generator(seed, 0, 0))
    return float(border(matrices, size, context).float().mean())


def example_views(patch: np.ndarray, seed: int, size: int = 32, count: int = 4) -> dict[str, tuple[Tensor, Tensor]]:
    """Returns the same random views of one patch, cut from it bare and with its context.

    Parameters
    ----------
    patch : int16 [n, n, n]
        HU, n > size.

    Returns
    -------
    dict
        ``bare patch`` and ``with context``: middle slices of the views [count, size, size], and their repeated voxels.
    """
    context, result = (len(patch) - size) // 2, {}
    augment = Augmentation(size, noise_p=0.0, contrast_p=0.0)
    draws = augment.draw(count, 1, step_generator(seed, 0, 0))
    inside = slice(context, context + size)
    for name, part, margin in (("bare patch", patch[inside, inside, inside], 0), ("with context", patch, context)):
        stored = torch.from_numpy(np.ascontiguousarray(part)).expand(count, 1, *part.shape)
        views, repeated = augment.apply(stored, draws)[:, 0], border(draws.matrices, size, margin)
        result[name] = (views[:, :, size // 2], repeated[:, :, size // 2])
    return result


def own_keys(subjects: int, bank_size: int = 4096, batch: int = 128, seed: int = 0) -> tuple[float, float]:
    """Returns how many own older keys a full bank holds for a query, and how many of them our mask leaves (means).

    One landmark, visited once per epoch, as in the authors' code.
    """
    sampler, bank = LandmarkSampler(1, subjects, batch, seed=seed), ConditionalMemoryBank(1, bank_size, dim=1)
    filled = -(-bank_size // subjects)
    held, left, queries = 0, 0, 0
    for epoch in range(filled + 1):
        for item in sampler.epoch(epoch):
            people = torch.from_numpy(item.subjects)
            embedding = torch.ones(len(people), 1)
            if epoch == filled:
                negatives, mask = bank.negatives(0, people)
                logits = contrast_logits(embedding, embedding, negatives, 1.0, mask)[:, 1:]
                own = bank.subjects[0] == people[:, None]
                held, left = held + int(own.sum()), left + int((own & logits.isfinite()).sum())
                queries += len(people)
            bank.enqueue(0, embedding, people)
    return held / queries, left / queries


def found_by_age(age: int, seed: int, fresh: bool = False, max_age: int | None = None, negatives: int = 64,
                 memory: int = 1000, drift: float = 2.0, dim: int = 64, trials: int = 40) -> float:  # fmt: skip
    """Measures how often a query finds its key among old ones though the two have no tissue in common.

    Every embedding is noise plus a direction that all embeddings of one moment share and that forgets itself as
    slowly as the key network does.

    Parameters
    ----------
    age : int
        Steps since the bank's keys were made.
    fresh : bool
        Whether the batch's keys enter the bank before it is contrasted (`DrasCLR.fresh_negatives`).
    max_age : int, optional
        See `ConditionalMemoryBank`.
    negatives, memory : int
        Keys in the bank, of which a quarter are a batch; steps in which the shared direction falls to 1/e of itself.

    Returns
    -------
    float
        Accuracy, mean over trials; guessing gives one in (negatives left + 1).
    """
    random = torch.Generator().manual_seed(seed)
    batch, hits = negatives // 4, []

    def embed(shared: Tensor, count: int) -> Tensor:
        return F.normalize(torch.randn(count, dim, generator=random) + shared, dim=1)

    for _ in range(trials):
        remembered = float(np.exp(-age / memory))
        then, change = drift * torch.randn(2, dim, generator=random)
        now = remembered * then + np.sqrt(1 - remembered**2) * change
        bank = ConditionalMemoryBank(1, negatives, dim, max_age, random)
        bank.enqueue(0, embed(then, negatives), torch.arange(negatives) + batch)
        bank.steps += age - 1
        people, query, key = torch.arange(batch), embed(now, batch), embed(now, batch)
        if fresh:
            bank.enqueue(0, key, people)
        keys, own = bank.negatives(0, people)
        logits = contrast_logits(query, key, keys, 0.2, own)
        hits.append((logits.argmax(dim=1) == 0).float().mean())
    return float(torch.stack(hits).mean())
