"""The Swin transformer of Swin UNETR as encoder, and the heads of its pretraining (Tang et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder

TOKEN = 2
"""Voxels of a token's edge, before the first stage; each stage ends by joining 2 x 2 x 2 tokens."""


def stages_for(size: int, most: int) -> int:
    """Returns how many stages, up to `most`, leave at least 2 x 2 x 2 tokens of a patch of `size` voxels: 4 of 96.

    Raises
    ------
    ValueError
        For a patch of less than 8 voxels, of which not even one stage does.
    """
    stages = min(most, size.bit_length() - 3)  # size / (TOKEN 2^stages) >= 2
    if stages < 1:
        raise ValueError(f"A Swin transformer needs patches of at least 8 voxels a side, not {size}: cut larger ones.")
    return stages


class SwinEncoder(PatchEncoder):
    """A Swin transformer whose representation of a patch is the mean of its last tokens. The location does not enter.

    Parameters
    ----------
    feature_size : int
        Channels of the first tokens; each stage doubles them.
    depths, heads : sequence of int
        Blocks, and attention heads, of each stage; one to four.
    window : int
        Tokens of the edge of a window within which they attend to each other.
    """

    model_type = "swinunetr"
    architecture = ("feature_size", "depths", "heads", "window")

    def __init__(self, feature_size: int = 48, depths: Sequence[int] = (2, 2, 2, 2),
                 heads: Sequence[int] = (3, 6, 12, 24), window: int = 7):  # fmt: skip
        super().__init__(rep_dim=feature_size * 2 ** len(depths))
        self.feature_size, self.depths, self.heads, self.window = feature_size, list(depths), list(heads), window
        from drasclr_core.model.swin_stages import SwinStages  # takes seconds, so only where there is one

        self.transformer = SwinStages(1, feature_size, (window,) * 3, (TOKEN,) * 3, self.depths, self.heads)

    def tokens(self, x: Tensor) -> Tensor:
        """Returns the last tokens [B, rep_dim, m, m, m] of patches [B, 1, n, n, n] in [-1, 1]."""
        return self.transformer((x.to(self.dtype) + 1) / 2)  # published inputs are in [0, 1]

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        return self.tokens(x).mean(dim=(2, 3, 4))


class SwinOutputs(NamedTuple):
    """What the heads say of views: rotation logits [B, 4], embeddings [B, D], restored views [B, 1, n, n, n]."""

    rotation: Tensor
    embedding: Tensor
    restored: Tensor


class SwinHeads(nn.Module):
    """The encoder and three heads: a linear one of the first token, one of the second, and a decoder of all tokens.

    The decoder has one step for each halving of the encoder (the tokens are the first): convolution, which halves the
    channels but in the last step, instance norm, leaky ReLU, trilinear doubling. A convolution of one voxel ends it.

    Parameters
    ----------
    encoder : SwinEncoder
    dim : int
        Length of the contrasted embedding, D.
    """

    def __init__(self, encoder: SwinEncoder, dim: int = 512):
        super().__init__()
        self.encoder = encoder
        self.rotation, self.embedding = nn.Linear(encoder.rep_dim, 4), nn.Linear(encoder.rep_dim, dim)
        steps, channels = [], encoder.rep_dim
        halved = [channels // 2**stage for stage in range(1, len(encoder.depths) + 1)]
        for width in (*halved, encoder.feature_size):
            steps += [nn.Conv3d(channels, width, 3, padding=1), nn.InstanceNorm3d(width), nn.LeakyReLU(),
                      nn.Upsample(scale_factor=2, mode="trilinear")]  # fmt: skip
            channels = width
        self.decoder = nn.Sequential(*steps, nn.Conv3d(channels, 1, 1))

    def forward(self, x: Tensor) -> SwinOutputs:
        """Returns what the heads say of views [B, 1, n, n, n] in [-1, 1]; they are restored in [0, 1]."""
        maps = self.encoder.tokens(x)
        first, second = maps.flatten(2)[..., :2].unbind(2)
        return SwinOutputs(self.rotation(first), self.embedding(second), self.decoder(maps))
