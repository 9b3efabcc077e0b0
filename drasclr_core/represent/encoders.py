"""The pretrained encoders that a cohort has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.volumes.store import VolumeStore, WholeLungs
from drasclr_core.methods import in_order, load_encoder
from drasclr_core.methods.registry import WHOLE, is_ablation
from drasclr_core.methods.stage import open_patches, open_volumes
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.model.weights import CONFIG
from drasclr_core.run import Run

Seen = tuple[PatchStore, Atlas] | tuple[VolumeStore, WholeLungs]
SAME = ("patch_size", "spacing_mm", "location_box_mm")
"""What encoders must agree on to be shown the same patches at the same locations."""


def found_encoders(run: Run, methods: Sequence[str], like: dict) -> tuple[dict[str, PatchEncoder], dict[str, str]]:
    """Returns encoders that take the same patches, and why the others do not or are missing.

    Parameters
    ----------
    methods : sequence of str
        Folders under ``pretrain``; empty for all that there are, but for variants of ablations.
    like : dict
        Description of an encoder that the patches were cut for.

    Returns
    -------
    encoders : dict of str to PatchEncoder
        By method, in the order of the tables; in eval mode.
    left_out : dict of str to str
        Method -> why.
    """
    there = in_order(path.parent.name for path in run.pretrain().parent.glob(f"*/{CONFIG}"))
    methods = methods or [name for name in there if not is_ablation(name)]
    left_out = {name: f"pretrain/{name} has no encoder: run notebook 06_pretrain" for name in methods
                if name not in there}  # fmt: skip
    encoders = {}
    for name in there:
        if name not in methods:
            continue
        encoder = load_encoder(run.pretrain(name))
        unlike = [what for what in SAME if encoder.description.get(what) != like.get(what)]
        if encoder.sees != "patches":
            left_out[name] = f"it {WHOLE} and has no features of patches"
        elif unlike:
            left_out[name] = f"it was trained on other patches (its {unlike[0]} differs)"
        else:
            encoders[name] = encoder
    return encoders, left_out


def seen_by(run: Run, encoder: PatchEncoder) -> Seen:
    """Returns what an encoder sees of a cohort: patches and their atlas, or whole lungs and what stands for it.

    Raises
    ------
    FileNotFoundError
        Some subjects have no patches, or no lungs.
    ValueError
        The encoder was trained on other landmarks.
    """
    if encoder.sees == "volumes":
        return open_volumes(run, encoder.description["patch_size"])
    store, atlas = open_patches(run)
    trained_at = np.array(encoder.description["locations"])
    if trained_at.shape != atlas.locations.shape or not np.allclose(trained_at, atlas.locations, atol=1e-5):
        raise ValueError("The encoder was trained on other landmarks: run notebook 06_pretrain again.")
    return store, atlas
