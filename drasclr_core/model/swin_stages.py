"""MONAI's Swin transformer, of which the last map is taken: apart from its encoder, as MONAI takes seconds to load."""

from __future__ import annotations

from monai.networks.nets.swin_unetr import SwinTransformer
from torch import Tensor


class SwinStages(SwinTransformer):
    """MONAI's Swin transformer with up to four stages, whose last map alone is given."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns tokens [B, C, m, m, m], each normalised over its C channels, of patches [B, 1, n, n, n]."""
        x = self.pos_drop(self.patch_embed(x))
        for layers in (self.layers1, self.layers2, self.layers3, self.layers4):
            for layer in layers:
                x = layer(x.contiguous())
        return self.proj_out(x, normalize=True)
