"""A network that embeds a view and restores it: the generator of DiRA."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.skip_decoder import SkipDecoder
from drasclr_core.pretrain.momentum import ProjectedEncoder


class Generator(nn.Module):
    """Encoder and projection head, and a decoder of the encoder's maps."""

    def __init__(self, projected: ProjectedEncoder, decoder: SkipDecoder):
        super().__init__()
        self.projected, self.decoder = projected, decoder

    def forward(self, x: Tensor, location: Tensor) -> tuple[Tensor, Tensor]:
        """Returns embeddings of unit length [B, C] and patches [B, 1, n, n, n] in [0, 1]; the location says nothing."""
        maps = self.projected.encoder.maps(x, location)
        return F.normalize(self.projected.head(maps[-1].flatten(1)), dim=1), self.decoder(maps)
