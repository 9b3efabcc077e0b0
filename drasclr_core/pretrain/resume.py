"""What a run writes: the state it can go on from, and the description of its encoder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch

import drasclr_core
from drasclr_core.model.inputs import HU_WINDOW
from drasclr_core.pretrain.config import PretrainConfig
from drasclr_core.run import atomic, fingerprint


def run_key(store, atlas, config: PretrainConfig) -> str:
    """Changes with the settings, the subjects, the landmarks and (seen in a sample of them) the patches."""
    sample = store.read(len(atlas.locations) // 2, np.arange(min(8, len(store.sids))))
    return fingerprint(config=config.method(), sids=list(store.sids), locations=atlas.locations,
                       patches=hashlib.sha256(np.ascontiguousarray(sample)).hexdigest())  # fmt: skip


def load_state(path: str | Path | None, key: str, device: torch.device) -> dict | None:
    """Returns the parts that `save_state` wrote with the same `key`, on the device; None if there are none."""
    if path is None or not Path(path).exists():
        return None
    state = torch.load(path, map_location=device, weights_only=True)
    return state if state.pop("key") == key else None


def save_state(path: str | Path, key: str, **parts) -> None:
    """Writes a training's state, atomically: state dicts, numbers and lists, by name."""
    with atomic(path) as temporary:
        torch.save({"key": key, **parts}, temporary)


def encoder_description(atlas, store, config: PretrainConfig, processes: int = 1) -> dict:
    """What the weights mean: written beside them as JSON."""
    return {
        "method": "DrasCLR",
        "patch_size": config.augmentation.size,
        "spacing_mm": config.augmentation.spacing_mm,
        "hu_window": HU_WINDOW,
        "locations": np.asarray(atlas.locations, dtype=float).round(7),
        "centres_mm": np.asarray(atlas.centres, dtype=float).round(4),
        "location_box_mm": np.asarray(atlas.box, dtype=float).round(4),
        "subjects": len(store.sids),
        "processes": processes,
        "config": config.method(),
        "version": drasclr_core.__version__,
    }
