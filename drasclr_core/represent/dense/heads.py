"""What turns representations into probabilities: a module, a scikit-learn classifier, or any function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn


@torch.inference_mode()
def probabilities(head, features: Tensor) -> np.ndarray:
    """Returns probabilities float32 [N, S] of features [N, C].

    Parameters
    ----------
    head : nn.Module, classifier or callable
        A module gets the tensor, on its device, and must end in a sigmoid or softmax. A classifier with
        ``predict_proba`` gets a NumPy array; of two classes the second (``classes_[1]``) counts, of more all do. Any
        other callable gets a NumPy array. All give [N] or [N, S].
    features : Tensor [N, C]

    Raises
    ------
    TypeError
        If `head` is none of these.
    ValueError
        If it gives another number of rows, or values that are not probabilities.
    """
    if isinstance(head, nn.Module):
        values = head(features).float().cpu().numpy()
    else:
        values = np.asarray(_numpy_head(head)(features.float().cpu().numpy()), dtype=np.float32)
    if values.ndim not in (1, 2) or len(values) != len(features):
        raise ValueError(f"The head made {list(values.shape)} values of {len(features)} features: it must give one "
                         "row per feature, [N] or [N, S].")  # fmt: skip
    values = values.reshape(len(values), -1)
    if not ((values >= -1e-6) & (values <= 1 + 1e-6)).all():
        raise ValueError(f"The head gives values from {values.min():.3g} to {values.max():.3g}, not probabilities "
                         "in [0, 1]: end it with a sigmoid or softmax.")  # fmt: skip
    return values


def check_head(head) -> None:
    """Raises TypeError or ValueError unless `head` can be used; a module must be in eval mode."""
    if isinstance(head, nn.Module):
        if head.training:
            raise ValueError("The head is in train mode: call head.eval().")
    else:
        _numpy_head(head)


def _numpy_head(head) -> Callable[[np.ndarray], np.ndarray]:
    if hasattr(head, "predict_proba"):
        return lambda features: _positive(head.predict_proba(features))
    if callable(head):
        return head
    raise TypeError(f"A head must be a module, a classifier with predict_proba, or a function of features, not "
                    f"{type(head).__name__}.")  # fmt: skip


def _positive(values: np.ndarray) -> np.ndarray:
    return values[:, 1] if values.shape[1] == 2 else values
