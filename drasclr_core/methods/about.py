"""What a method's file says of it beside how it trains: departures from the publication, its task in pictures."""

from __future__ import annotations

import inspect
import re
import sys

import torch
from torch import Tensor

from drasclr_core.methods.registry import method_class
from drasclr_core.pretrain.settings import TrainingSettings

HEADING = "What differs from the publication"


def departures(name: str) -> list[str]:
    """Returns what differs from the publication, one sentence or more each, from the docstrings of a method's file.

    They are the list items below `HEADING` in the docstring of the module or of the method's class.
    """
    kind = method_class(name)
    for text in (inspect.getdoc(kind) or "", inspect.getdoc(sys.modules[kind.__module__]) or ""):
        _, found, below = text.partition(HEADING)
        if found:
            items = re.split(r"^\s*[-*] ", below.split("\n\n\n")[0], flags=re.M)[1:]
            return [" ".join(item.split("\n\n")[0].split()) for item in items]
    return []


def pretext_pictures(name: str, stored: Tensor, settings: TrainingSettings, generator: torch.Generator,
                     classes: Tensor | None = None) -> dict[str, Tensor]:  # fmt: skip
    """Returns what a method is asked to do with stored patches, or scans, of several people.

    Parameters
    ----------
    name : str
        Of a method.
    stored : int16 [N, n, n, n]
        HU, as the method's store has them.
    settings : TrainingSettings
        Of the method.
    generator : torch.Generator
        Draws views and deformations.
    classes : uint8 Tensor [N, n, n, n], optional
        What each voxel is, for a method that learns to tell it.

    Returns
    -------
    dict of str to Tensor [N, s, s, s]
        Caption -> picture on [-1, 1], or whole numbers, classes of voxels. Methods whose file says nothing of its own
        have two views.
    """
    module = sys.modules[method_class(name).__module__]
    own = getattr(module, "pretext_pictures", None)
    if own is not None:
        asked = {"classes": classes} if "classes" in inspect.signature(own).parameters else {}
        return own(stored, settings, generator, **asked)
    views = settings.augmentation
    return {caption: views.apply(stored[:, None], views.draw(len(stored), 1, generator))[:, 0]
            for caption in ("one view", "another view")}  # fmt: skip
