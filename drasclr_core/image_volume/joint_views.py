"""What a joint training step is shown: two views of slices and images, two of volumes, and which slices are hidden."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drasclr_core.image_volume.encoder import slices_of
from drasclr_core.image_volume.engines import Samples
from drasclr_core.image_volume.image_views import draw_image_views, image_views
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.pretrain.augment import Augmentation

SPREAD = 7
"""By how many slices those that are chosen for good lie apart from one patch to the next."""


class Stored(NamedTuple):
    """A process's part of a batch.

    Attributes
    ----------
    patches : int16 [b, n, n, n]
        HU; none where the step sees images only.
    images : float32 [m, h, w]
        In [-1, 1].
    flat, volumes : Samples or None
        The slices and images, and the patches, that are seen.
    slices : int
        Of each patch, among `flat`.
    """

    patches: np.ndarray
    images: np.ndarray
    flat: Samples | None
    volumes: Samples | None
    slices: int


class JointViews(NamedTuple):
    """Two views each of slices and images, and of volumes; None where the step sees none.

    Attributes
    ----------
    flat : float32 [2, m, 1, size, size] or None
    flat_samples, volume_samples : Samples or None
    volumes : float32 [2, b, 1, n, n, n] or None
    mask : bool [b, n, 1] or None
        Which slices along the last axis are hidden.
    """

    flat: Tensor | None
    flat_samples: Samples | None
    volumes: Tensor | None
    volume_samples: Samples | None
    mask: Tensor | None


def to(samples: Samples, device: torch.device) -> Samples:
    """Returns samples whose numbers are on a device."""
    return samples._replace(numbers=samples.numbers.to(device), rows=samples.rows.to(device))


def choose_slices(samples: Samples, patches: int, slices: int, each: int, generator: torch.Generator | None) -> Tensor:
    """Returns the positions int64 [patches, each] of some slices of patches that have so many `slices`.

    They are drawn anew each time, and, without a generator, the same of a patch for good and evenly spread: an engine
    with a memory must see a sample again.
    """
    numbers = samples.numbers[: patches * each].view(patches, each)
    if generator is None:
        return (numbers // each * SPREAD + numbers % each * slices // each) % slices
    count = samples.batch  # of all processes, so that what is drawn does not depend on how many there are
    drawn = torch.randint(slices, (count,), generator=generator, device=generator.device)
    return drawn[samples.rows[: patches * each]].view(patches, each)


def cut_slices(stored: Tensor, positions: Tensor) -> Tensor:
    """Returns slices float32 [b each, 1, n, n] in [-1, 1] of patches int16 [b, n, n, n] at positions [b, each]."""
    rows = torch.arange(len(stored), device=stored.device)[:, None]
    return normalise(above_air(slices_of(stored)[rows, positions])).flatten(0, 1)[:, None]


def flat_views(stacks: list[Tensor], samples: Samples, augment: Augmentation, area: tuple[float, float],
               generator: torch.Generator) -> Tensor:  # fmt: skip
    """Returns two views [2, m, 1, size, size] of slices and images, given as stacks [., 1, h, w] of sizes of their own.

    Everything is drawn for the samples of all processes, of which ``samples.rows`` are used.
    """
    counts, views = [len(stack) for stack in stacks], []
    for _ in range(2):
        draws = draw_image_views(samples.batch, augment, area, generator)
        parts = zip(stacks, samples.rows.split(counts), strict=True)
        views.append(torch.cat([image_views(stack, draws.of(rows)) for stack, rows in parts]))
    return torch.stack(views)
