"""What the trained methods of a cohort were asked to do, on the same patch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from drasclr_core.files import read_json
from drasclr_core.methods import pretext_pictures
from drasclr_core.methods.stage import PretrainingStage
from drasclr_core.model.weights import CONFIG
from drasclr_core.run import Run

PEOPLE = 4
"""As some tasks need other people's patches."""
PLACE = (0.5, 0.0, 0.2)
"""Location of the patch, in the right lung."""


def task_pictures(run: Run, name: str, sids: Sequence[str], seed: int = 0) -> dict[str, np.ndarray]:
    """Returns what a trained method is asked to do, by caption, for the first of some subjects that it was trained on.

    Parameters
    ----------
    run : Run
    name : str
        Of a method that has been trained (`trained_methods`).
    sids : sequence of str
    seed : int
        Draws views and deformations.

    Returns
    -------
    dict of str to array [n, n, n]
        On [-1, 1], or whole numbers, classes of voxels. Empty for published weights: nothing was trained here.
    """
    about = read_json(run.pretrain(name) / CONFIG)["config"]
    if about.get("weights"):
        return {}
    stage = PretrainingStage.of(run, {"method": name, "settings": {"cube": about["cube"]} if "cube" in about else {}})
    people = np.array([stage.store.sids.index(sid) for sid in sids if sid in stage.store.sids][:PEOPLE])
    inside = int(np.abs(stage.atlas.locations - np.array(PLACE)).sum(axis=1).argmin())
    drawn = pretext_pictures(stage, inside, people, torch.Generator().manual_seed(seed))
    return {caption: array[0].numpy() for caption, array in drawn.items()}
