"""Right and left lung by the trained network *lungmask* R231 (Hofmanninger et al. 2020), an optional package.

Its weights are a file that the user brings: nothing is fetched at run time.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from drasclr_core.anatomy.lungs.sides import NO_LUNGS, NoLungsError
from drasclr_core.imaging.refusal import printable_name
from drasclr_core.imaging.volume import Volume
from drasclr_core.pieces import file_fingerprint

WEIGHTS = "unet_r231-d5d2fc3d.pth"
"""R231 as the authors of lungmask published it, on the release page of their repository (JoHof/lungmask, v0.0)."""
FIRST, CLASSES = "down_path.0.block.0.weight", 3
"""First tensor of their U-net, and its classes: background, right lung, left lung."""


class LungmaskError(ValueError):
    """The package or its weights are missing or unfit; the message says what to do."""


def segment_lungs_lungmask(volume: Volume, weights: str | Path) -> np.ndarray:
    """Returns labels of the right and the left lung by lungmask.

    Parameters
    ----------
    volume : Volume
        Chest CT. The network sees it slice by slice, clipped to -1024 to 600 HU and scaled to 256 x 256 by lungmask.
    weights : path
        State dict of R231 (see `WEIGHTS`), or one of the same form, such as R231CovidWeb.

    Returns
    -------
    uint8 [x, y, z]
        0 outside, 1 right lung, 2 left lung.

    Raises
    ------
    LungmaskError
        lungmask is not installed, or `weights` is not such a file.
    NoLungsError
        The network does not find both lungs.
    """
    inferer = _inferer(str(_checked(weights)))
    # lungmask takes [z, y, x] with x towards the left and y towards the back (LPS); ours grow to the right and front.
    found = inferer.apply(np.ascontiguousarray(volume.array[::-1, ::-1].T))
    lungs = np.ascontiguousarray(np.asarray(found, dtype=np.uint8).T[::-1, ::-1])
    if not ((lungs == 1).any() and (lungs == 2).any()):
        raise NoLungsError(NO_LUNGS.format("lungmask does not find both"))
    return lungs


@lru_cache(maxsize=1)
def network_fingerprint(weights: str | Path) -> str:
    """Returns twelve hex digits of the weights' content; LungmaskError where they are unfit."""
    return file_fingerprint(_checked(weights))


@lru_cache(maxsize=1)
def _checked(weights: str | Path) -> Path:
    """Returns `weights` as a path, after a look into the file that runs no code from it."""
    import torch  # here, because it takes seconds, and most runs segment without a network

    path, name = Path(weights), printable_name(weights)
    if not str(weights) or not path.is_file():
        raise LungmaskError(
            f"{name or 'lungmask_weights'}: no such file. Nothing is fetched while this runs: get {WEIGHTS} from "
            "the release page v0.0 of github.com/JoHof/lungmask, and give its path."
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files fail in many ways, foreign ones too
        raise LungmaskError(f"{name}: not a file of weights. Get {WEIGHTS} again.") from error
    tensors = list(state.values()) if isinstance(state, dict) else []
    if not tensors or FIRST not in state or len(tensors[-1]) != CLASSES:
        raise LungmaskError(f"{name}: not the weights of a lungmask U-net with {CLASSES} classes. Get {WEIGHTS}.")
    return path


@lru_cache(maxsize=1)
def _inferer(weights: str):
    """Returns lungmask's network with these weights; kept, because a cohort uses it for every scan."""
    try:
        from lungmask import LMInferer
    except ImportError as error:
        raise LungmaskError("lungmask is not installed. Install it (pip install 'drasclr-core[lungmask]').") from error
    # It reads the file with torch.load and torch's default, weights_only since 2.6; `_checked` has read it so before.
    return LMInferer(modelname="R231", modelpath=weights, tqdm_disable=True)
