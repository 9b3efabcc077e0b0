"""The encoder that joint learning keeps: of images, of slices, and of volumes, which patches are."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from drasclr_core.image_volume.slice_encoder import SliceEncoder
from drasclr_core.image_volume.volume_transformer import VolumeTransformer
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.statistics import renewed_statistics


def slices_of(volumes: Tensor) -> Tensor:
    """Returns the slices [..., z, y, x] of volumes [..., x, y, z]: images whose rows go along y and columns along x."""
    return volumes.transpose(-3, -1)


class JointEncoder(PatchEncoder):
    """f_intra on every slice and f_inter along them. The location does not enter.

    The representation of a volume has two halves: the mean of its slices' embeddings, which knows no order, and the
    mean of what f_inter makes of them. Images have the embedding of a slice (`images`).

    Parameters
    ----------
    depth, width, small, dim
        Of the `SliceEncoder`.
    layers, heads, head_dim, hidden, attention, stride, reach, slices, dropout
        Of the `VolumeTransformer`.
    """

    model_type = "image_volume"
    architecture = ("depth", "width", "small", "dim", "layers", "heads", "head_dim", "hidden", "attention", "stride",
                    "reach", "slices", "dropout")  # fmt: skip

    def __init__(self, depth: int = 50, width: int = 64, small: bool = False, dim: int = 640, layers: int = 4,
                 heads: int = 8, head_dim: int = 64, hidden: int = 720, attention: str = "deformable",
                 stride: int = 4, reach: float = 2.0, slices: int = 64, dropout: float = 0.1):  # fmt: skip
        super().__init__(rep_dim=2 * dim)
        self.depth, self.width, self.small, self.dim = depth, width, small, dim
        self.layers, self.heads, self.head_dim, self.hidden = layers, heads, head_dim, hidden
        self.attention, self.stride, self.reach = attention, stride, reach
        self.slices, self.dropout = slices, dropout
        self.intra = SliceEncoder(depth, width, small, dim)
        self.inter = VolumeTransformer(dim, layers, heads, head_dim, hidden, attention, stride, reach, slices, dropout)

    def images(self, x: Tensor) -> Tensor:
        """Returns embeddings [N, dim] of images [N, 1, h, w] in [-1, 1]."""
        return self.intra(x)

    @torch.no_grad()
    def adapt(self, batches: Iterable[Tensor]) -> JointEncoder:
        """Estimates the statistics of batch norm anew from images of another kind, radiographs say, and returns itself.

        A training ends with those of patches' slices, by which other images would be normalised wrongly.

        Parameters
        ----------
        batches : iterable of Tensor [N, 1, h, w]
            In [-1, 1]; all count alike.
        """
        self.intra.train()
        with renewed_statistics(self.intra):
            for images in batches:
                self.intra(images)
        self.intra.eval()
        return self

    def embed_slices(self, x: Tensor) -> Tensor:
        """Returns embeddings [B, z, dim] of the slices of volumes [B, 1, x, y, z] in [-1, 1]."""
        slices = slices_of(x)[:, 0]
        return self.intra(slices.flatten(0, 1)[:, None]).unflatten(0, slices.shape[:2])

    def forward(self, x: Tensor, location: object = None) -> Tensor:
        """Returns representations [B, 2 dim] of volumes [B, 1, x, y, z] in [-1, 1]."""
        embedded = self.embed_slices(x)
        return torch.cat([embedded.mean(dim=1), self.inter(embedded).mean(dim=1)], dim=1)
