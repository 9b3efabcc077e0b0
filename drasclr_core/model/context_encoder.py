"""The encoder of Context SSL: a plain CNN with the location appended, and a graph of the landmarks for the image."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from drasclr_core.model.encoder import Encoder
from drasclr_core.model.landmark_graph import GraphNet
from drasclr_core.model.landmark_norm import LandmarkInterpolation
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder


class LocatedCNN(nn.Module):
    """DrasCLR's CNN with ordinary convolutions; the location is appended to its last features.

    Parameters
    ----------
    width : int
        Features before the location.
    norm : str
        ``batch`` or ``landmark`` (see `Encoder`).
    landmarks : int
        Of the atlas.
    """

    def __init__(self, width: int, norm: str, landmarks: int):
        super().__init__()
        self.cnn = Encoder(width, conditioning="none", norm=norm, landmarks=landmarks if norm == "landmark" else 0)

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Returns [B, width + 3]: features, then the location, [-1, 1] per axis scaled to [0, 1]."""
        features = self.cnn(x, location)
        if isinstance(location, LocationGroups):
            location = location.per_sample()
        return torch.cat([features, ((location + 1) / 2).to(features).expand(len(features), 3)], dim=1)


class ContextEncoder(PatchEncoder):
    """Patches by a CNN and their location, images by a graph convolution over the landmarks (Sun et al. 2021).

    Parameters
    ----------
    rep_dim : int
        Length of the representation of a patch; all but the last three numbers, the location, are features of the CNN.
        An image has as many numbers as a patch has features.
    landmarks : int
        Of an image.
    edges : list of [int, int]
        Which landmarks are neighbours in the graph (see `graph_edges`).
    norm : str
        Normalisation of the CNN: ``batch`` (published) or ``landmark`` (see `Encoder`).
    places : int
        Of which landmark norm keeps statistics: landmarks and, after training, places between them. 0: `landmarks`.
    """

    model_type = "context-ssl"
    architecture = ("rep_dim", "landmarks", "edges", "norm", "places")

    def __init__(self, rep_dim: int = 131, landmarks: int = 1, edges: list[list[int]] | None = None,
                 norm: str = "batch", places: int = 0):  # fmt: skip
        super().__init__(rep_dim)
        self.width, self.landmarks, self.edges, self.norm = rep_dim - 3, landmarks, edges or [], norm
        self.patch = LocatedCNN(self.width, norm, places or landmarks)
        self.graph = GraphNet(self.width, landmarks, self.edges)

    @property
    def places(self) -> int:
        return self.patch.cnn.landmarks

    @property
    def interpolation(self) -> LandmarkInterpolation | None:
        """Of the landmark norm, between landmarks."""
        return self.patch.cnn.interpolation

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return self.patch(x, location)

    @torch.no_grad()
    def image_features(self, patch_features: np.ndarray) -> np.ndarray:
        """Returns features [N, rep_dim - 3] of N images from those of their patches [N, L, rep_dim], by the graph.

        Raises ValueError for patches of other landmarks than the graph has.
        """
        return self.graph(self._nodes(patch_features)).cpu().numpy()

    @torch.no_grad()
    def fit_images(self, patch_features: np.ndarray) -> None:
        """Sets the statistics of the graph's batch norm to those of images with patches [N, L, rep_dim]."""
        variance, mean = torch.var_mean(self.graph.convolve(self._nodes(patch_features)), dim=(0, 1))
        self.graph.norm.running_mean.copy_(mean)
        self.graph.norm.running_var.copy_(variance)

    def _nodes(self, patch_features: np.ndarray) -> Tensor:
        if patch_features.shape[1] != self.landmarks:
            raise ValueError(f"The graph has {self.landmarks} landmarks, and the features are of "
                             f"{patch_features.shape[1]}: it can only describe whole images.")  # fmt: skip
        return torch.as_tensor(patch_features[..., : self.width], dtype=self.dtype, device=self.device)
