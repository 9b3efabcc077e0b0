"""What the network is shown: the HU window, its scaling to [-1, 1], and the middle of a stored patch."""

from __future__ import annotations

from torch import Tensor

from drasclr_core.imaging.constants import HU_WINDOW


def above_air(patches: Tensor) -> Tensor:
    """HU clipped to the window and counted from air: int16 -> float32 in [0, 1264]."""
    return patches.clamp(*HU_WINDOW).float() - HU_WINDOW[0]


def normalise(views: Tensor) -> Tensor:
    """[0, 1264] above air -> [-1, 1]."""
    return views / ((HU_WINDOW[1] - HU_WINDOW[0]) / 2) - 1


def center_views(patches: Tensor, size: int) -> Tensor:
    """The central `size`^3 voxels of patches [..., n, n, n], scaled to [-1, 1]: what a trained encoder is shown.

    Raises
    ------
    ValueError
        If n - size is negative or odd, so that no crop has the patch's centre.
    """
    context = patches.shape[-1] - size
    if context < 0 or context % 2:
        raise ValueError(f"No {size}^3 view lies at the centre of a patch of {patches.shape[-1]}^3 voxels: "
                         "the context must be even and not negative. Cut the patches again (notebook 05).")  # fmt: skip
    inside = slice(context // 2, context // 2 + size)
    return normalise(above_air(patches[..., inside, inside, inside]))
