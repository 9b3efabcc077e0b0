"""What every pretrained encoder gives, whatever its method: features of patches and images, and weights to keep."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.model import weights
from drasclr_core.model.locconv import LocationGroups


class PatchEncoder(nn.Module, ABC):
    """An encoder of patches, or of whole lungs, with a description that travels with its weights.

    Parameters of a subclass are numbers and words that JSON can hold, and are kept as attributes of the same names, so
    that `architecture` can build it again.

    Attributes
    ----------
    model_type : str
        Names the class in ``config.json``; the loader finds the class by it.
    architecture : tuple of str
        The arguments of the subclass.
    rep_dim : int
        Length of the representation of a patch.
    description : dict
        What the weights mean (voxel and patch size, HU window, training data...).
    """

    model_type: ClassVar[str]
    architecture: ClassVar[tuple[str, ...]]
    known: ClassVar[dict[str, type[PatchEncoder]]] = {}

    def __init__(self, rep_dim: int):
        super().__init__()
        self.rep_dim = rep_dim
        self.description: dict = {}

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "model_type" in vars(cls):
            PatchEncoder.known[cls.model_type] = cls

    @abstractmethod
    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Returns representations [B, rep_dim] of patches [B, 1, n, n, n] in [-1, 1] at locations.

        These come as [3] or [B, 3], or as `LocationGroups`, of which `per_sample` gives [B, 3].
        """

    def image_features(self, patch_features: np.ndarray) -> np.ndarray:
        """Returns features [N, D] of N images from those of their patches [N, L, rep_dim]: the mean (Eq. 11)."""
        return patch_features.mean(axis=1)

    @property
    def sees(self) -> str:
        """``patches``, or ``volumes``: all of the lungs in one cube, of which there are no features of a place."""
        return self.description.get("sees", "patches")

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return next(self.parameters()).dtype

    def save_pretrained(self, folder: str | Path, half: bool = False, **description) -> None:
        """Writes ``model.safetensors``, ``config.json`` and a model card (see `drasclr_core.model.weights.save`)."""
        self.description |= description
        weights.save(self, folder, half)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> Self:
        """Returns the encoder, in eval mode, that `save_pretrained` wrote to a folder or that a Hugging Face hub holds.

        Parameters
        ----------
        source : path or str
            A folder, or ``owner/name`` on the hub, which is asked only if there is no folder of that name.

        Raises
        ------
        FileNotFoundError
            One of the two files is missing.
        ValueError
            The files are not as they were written, or are of an encoder of another kind than this class.
        """
        encoder = weights.load(source, PatchEncoder.known)
        if not isinstance(encoder, cls):
            raise ValueError(f"{Path(source).name} holds an encoder of type {encoder.model_type!r}, not a "
                             f"{cls.__name__}. Load it with drasclr_core.methods.load_encoder.")  # fmt: skip
        return encoder
