"""What a training can go on from after it was killed, and the description that travels with an encoder."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch

import drasclr_core
from drasclr_core.files import atomic
from drasclr_core.model.inputs import HU_WINDOW
from drasclr_core.pieces import fingerprint
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.settings import TrainingSettings


def run_key(store, atlas, method: str, settings: TrainingSettings) -> str:
    """Changes with method, settings, subjects, landmarks and patches."""
    return fingerprint(method=method, settings=settings.that_matter(), sids=list(store.sids), locations=atlas.locations,
                       patches=store.contents())  # fmt: skip


def load_state(path: str | Path | None, key: str, device: torch.device) -> dict | None:
    """Returns the parts that `save_state` wrote with the same `key`, on the device; None if there are none.

    Raises ValueError, with the remedy, for a file that is not whole (a failing disk, a copy cut short).
    """
    if path is None or not Path(path).exists():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (PermissionError, torch.OutOfMemoryError):  # the file is good
        raise
    except (RuntimeError, EOFError, pickle.UnpicklingError, OSError) as error:
        where = f"{Path(path).parent.name}/{Path(path).name}"
        raise ValueError(f"{where} is not a whole state of a training ({type(error).__name__}). Delete it to begin "
                         "this training again; everything else of the run is kept.") from error  # fmt: skip
    return state if state.pop("key") == key else None


def save_state(path: str | Path, key: str, **parts) -> None:
    """Writes a training's state, atomically: state dicts, numbers and lists, by name."""
    with atomic(path) as temporary:
        torch.save({"key": key, **parts}, temporary)


def encoder_description(atlas, store, method: type[Method], settings: TrainingSettings, processes: int = 1) -> dict:
    """Returns what the weights mean, which is written beside them as JSON."""
    return {
        "method": method.name,
        "sees": method.sees,
        "patch_size": settings.augmentation.size,
        "spacing_mm": settings.augmentation.spacing_mm,
        "hu_window": HU_WINDOW,
        "locations": np.asarray(atlas.locations, dtype=float).round(7),
        "centres_mm": np.asarray(atlas.centres, dtype=float).round(4),
        "location_box_mm": np.asarray(atlas.box, dtype=float).round(4),
        "subjects": len(store.sids),
        "processes": processes,
        "config": settings.that_matter(),
        "version": drasclr_core.__version__,
    }
