"""The losses of joint image-volume learning: clusters that two views agree on, and masked slices (arXiv 2212.01893)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.image_volume.clustering import spherical_kmeans
from drasclr_core.names import refuse_unknown

__all__ = ["masked_embedding_loss", "sinkhorn", "spherical_kmeans", "swapped_loss", "swav_loss"]
OVER = ("masked", "all")


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float = 0.05, iterations: int = 3) -> Tensor:
    """Assigns samples softly to prototypes so that each prototype gets about as much (Caron et al. 2020, Eq. 3-5).

    Columns and then rows of exp(scores / epsilon) are scaled in turn (Sinkhorn and Knopp), to sums of N / K and of 1.

    Parameters
    ----------
    scores : Tensor [N, K]
        Cosines of samples to prototypes.
    epsilon : float
        How soft; a small one gives nearly every sample to one prototype.
    iterations : int

    Returns
    -------
    Tensor [N, K]
        Without a gradient; rows sum to 1, columns to N / K the better, the more iterations there are.

    Raises
    ------
    ValueError
        `epsilon` is not above 0, or there is no iteration.
    """
    if epsilon <= 0 or iterations < 1:
        raise ValueError(f"sinkhorn needs epsilon above 0 and an iteration, not {epsilon} and {iterations}.")
    # In logarithms nothing overflows or vanishes, whatever epsilon is. Factors common to all entries cancel.
    logs = scores / epsilon
    for _ in range(iterations):
        logs = logs - logs.logsumexp(dim=0, keepdim=True)
        logs = logs - logs.logsumexp(dim=1, keepdim=True)
    return logs.exp()


def swapped_loss(scores_1: Tensor, scores_2: Tensor, assigned_1: Tensor, assigned_2: Tensor, temperature: float
                 ) -> Tensor:  # fmt: skip
    """The mean cross entropy of each view's softmax with the other view's assignments (Caron et al. 2020, Eq. 1, 2).

    Parameters
    ----------
    scores_1, scores_2 : Tensor [N, K]
        Cosines to the prototypes, of two views of N samples.
    assigned_1, assigned_2 : Tensor [N, K]
        Of each view; rows sum to 1.
    temperature : float
        Of the softmax.
    """
    first = -(assigned_2 * F.log_softmax(scores_1 / temperature, dim=1)).sum(dim=1).mean()
    second = -(assigned_1 * F.log_softmax(scores_2 / temperature, dim=1)).sum(dim=1).mean()
    return (first + second) / 2


def swav_loss(scores_1: Tensor, scores_2: Tensor, temperature: float = 0.1, epsilon: float = 0.05, iterations: int = 3
              ) -> Tensor:  # fmt: skip
    """SwAV: each view predicts the assignment that `sinkhorn` gives the other (`swapped_loss`); a scalar."""
    assigned = (sinkhorn(scores, epsilon, iterations) for scores in (scores_1, scores_2))
    return swapped_loss(scores_1, scores_2, *assigned, temperature)


def masked_embedding_loss(pred: Tensor, target: Tensor, mask: Tensor, over: str = "masked") -> Tensor:
    """The squared error of predicted slice embeddings (L_mask).

    Parameters
    ----------
    pred, target : Tensor [B, S, C]
    mask : bool Tensor [B, S, 1]
        Which slices were hidden.
    over : str
        ``masked``: the mean over the hidden slices, as the paper says. ``all``: the mean over all slices, also those
        that were shown, divided by the number of hidden slices of a volume, as the authors' code has it.

    Raises
    ------
    ValueError
        Shapes that do not belong together, no hidden slice, or another `over`.
    """
    refuse_unknown([over], OVER, "way to average")
    if pred.shape != target.shape or mask.shape != (*pred.shape[:2], 1):
        raise ValueError(f"Predictions {list(pred.shape)}, targets {list(target.shape)} and mask {list(mask.shape)} "
                         "must be [B, S, C], [B, S, C] and [B, S, 1].")  # fmt: skip
    weight = mask.to(pred)
    hidden = weight.sum()
    if not mask.is_cuda and not hidden:  # a GPU is not waited for
        raise ValueError("No slice is hidden: nothing can be predicted. Hide at least one slice of a volume.")
    squared = (pred - target).square()
    if over == "all":
        return squared.mean() / (hidden / len(mask))
    return (squared * weight).sum() / (hidden * pred.shape[2])
