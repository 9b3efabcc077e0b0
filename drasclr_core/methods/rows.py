"""The methods that the book compares: how each is written, coloured, and called in the paper's tables."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """Name on a page, colour in every figure, and the paper's name in its tables (None: not in the paper)."""

    name: str
    color: str
    paper: str | None = None


# The first colours are those of Okabe and Ito, which stay apart under every common colour blindness.
METHODS = {
    "chance": Method("Chance", "#8c8c8c"),
    "laa950": Method("LAA-950", "#E69F00", "LAA-950"),
    "lung_density": Method("Lung density", "#8A6D00"),
    "kmeans": Method("K-means", "#CC79A7", "K-Means"),
    "divergence": Method("Divergence", "#56B4E9", "Divergence-based"),
    "drasclr_local": Method("DrasCLR without neighbours", "#009E73", "Ours w/o Neighbor Contrast"),
    "drasclr": Method("DrasCLR", "#0072B2", "Ours"),
    "confounders": Method("Confounders", "#555555"),
    "hand_designed": Method("Hand-designed", "#B8A900", "Hand-designed"),
    "spirometry": Method("Spirometry", "#7A1F4B", "Spirometry"),
    "bode": Method("BODE", "#2A9D8F", "BODE"),
    "hand_designed+bode": Method("Hand-designed + BODE", "#6B3A00", "Hand-designed + BODE"),
    "drasclr+spirometry": Method("DrasCLR + spirometry", "#4B3FA0", "Ours + Spirometry"),
    "drasclr+bode": Method("DrasCLR + BODE", "#00507A", "Ours + BODE"),
    "cnn3d": Method("3D CNN", "#A6761D", "3D CNN"),
    "patch_laa": Method("Patch LAA", "#C77C02", "Patch LAA"),
    "patch_cnn": Method("Patch CNN from scratch", "#B5651D", "Patch-based CNN"),
    "drasclr_readout": Method("DrasCLR, linear readout", "#7FB2E5", "Ours"),
    "drasclr_finetuned": Method("DrasCLR, fine-tuned", "#3B6FB6", "Ours"),
    "joint": Method("Joint image-volume", "#D55E00"),
}
_SPARE_COLORS = ("#882255", "#999933", "#332288", "#AA4499", "#661100", "#44AA99")  # after Paul Tol, "muted"


def row_of(method: str) -> Method:
    """What is known of a method; one that is not listed keeps its own name and gets a colour fixed by that name."""
    spare = _SPARE_COLORS[zlib.crc32(method.encode()) % len(_SPARE_COLORS)]
    return METHODS.get(method, Method(method, spare))
