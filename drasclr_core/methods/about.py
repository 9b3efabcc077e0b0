"""What a method's file says of it beside how it trains: departures from the publication, its task in pictures."""

from __future__ import annotations

import inspect
import re
import sys

import numpy as np
import torch
from torch import Tensor

from drasclr_core.methods.registry import method_class
from drasclr_core.methods.stage import PretrainingStage

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


def pretext_pictures(stage: PretrainingStage, landmark: int, people: np.ndarray, generator: torch.Generator
                     ) -> dict[str, Tensor]:  # fmt: skip
    """Returns what a method is asked to do with the patches, or scans, of some people.

    Parameters
    ----------
    stage : PretrainingStage
    landmark : int
    people : int [N]
        Positions in the stage's store; four or more, as some tasks need other people's patches.
    generator : torch.Generator
        Draws views and deformations.

    Returns
    -------
    dict of str to Tensor [N, s, s, s]
        Caption -> picture on [-1, 1], or whole numbers, classes of voxels. Methods whose file says nothing of its own
        have two views.
    """
    stored, views = torch.from_numpy(stage.store.read(landmark, people)), stage.settings.augmentation
    own = getattr(sys.modules[stage.method.__module__], "pretext_pictures", None)
    if own is None:
        return {caption: views(stored[:, None], generator)[:, 0] for caption in ("one view", "another view")}
    told = "classes" in inspect.signature(own).parameters  # of voxels, which the method learns to tell
    more = {"classes": torch.from_numpy(stage.store.read_classes(people))} if told else {}
    return own(stored, stage.settings, generator, **more)
