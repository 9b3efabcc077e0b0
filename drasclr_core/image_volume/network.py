"""What joint learning trains: the encoder, the heads of its losses, and the losses of a step."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.image_volume.encoder import JointEncoder
from drasclr_core.image_volume.engines import DeepCluster, Samples, SwAV
from drasclr_core.image_volume.joint_views import JointViews
from drasclr_core.image_volume.losses import masked_embedding_loss
from drasclr_core.image_volume.masking import MaskedPrediction
from drasclr_core.image_volume.settings import JointSettings
from drasclr_core.image_volume.slice_encoder import LEAST


class JointNetwork(nn.Module):
    """f_intra and f_inter, a projection of f_intra's embeddings, the masked prediction, and two clustering engines.

    Parameters
    ----------
    settings : JointSettings
    """

    def __init__(self, settings: JointSettings):
        super().__init__()
        size, dim = settings.augmentation.size, settings.dim
        self.staged, self.mask_over = settings.schedule == "stages", settings.mask_over
        self.encoder = JointEncoder(settings.depth, settings.width, size < LEAST, dim, settings.layers, settings.heads,
                                    settings.head_dim, settings.hidden, settings.attention, settings.stride,
                                    settings.reach, size, settings.dropout)  # fmt: skip
        self.head = nn.Sequential(nn.Linear(dim, dim), nn.BatchNorm1d(dim), nn.ReLU(), nn.Linear(dim, settings.project))
        self.masked = MaskedPrediction(dim)
        self.flat_clusters = _engine(settings, settings.project, settings.prototypes, settings.heads_2d)
        self.volume_clusters = _engine(settings, dim, settings.volume_prototypes, settings.heads_3d)

    def image_loss(
        self, first: Tensor, second: Tensor, samples: Samples, frozen: bool = False
    ) -> tuple[Tensor, Tensor]:
        """L_intra of two views of slices or of any images, and the share of the clusters that is in use.

        Parameters
        ----------
        first, second : Tensor [N, 1, h, w]
            In [-1, 1].
        samples : Samples
        frozen : bool
            The prototypes do not learn.
        """
        both = F.normalize(self.head(self.encoder.images(torch.cat([first, second]))), dim=1)
        with torch.autocast(both.device.type, enabled=False):  # similarities need more digits than bf16 has
            return self.flat_clusters(*both.to(self.encoder.dtype).chunk(2), samples, frozen)

    def forward(self, views: JointViews, losses: tuple[str, ...], frozen: bool) -> dict[str, Tensor]:
        """Returns those of the losses that are asked for, by name, and ``in_use_2d`` and ``in_use_3d`` beside them."""
        made, encoder = {}, self.encoder
        if "intra" in losses:
            made["intra"], made["in_use_2d"] = self.image_loss(*views.flat, views.flat_samples, frozen)
        if views.volumes is None:
            return made
        embedded = self._embedded(views.volumes.flatten(0, 1), fixed=self.staged and "mask" in losses)
        if "mask" in losses:
            mask = views.mask.repeat(2, 1, 1)
            wanted = embedded.detach()  # a network that learnt here would make all slices alike
            told = self.masked(encoder.inter, wanted, mask).to(encoder.dtype)
            made["mask"] = masked_embedding_loss(told, wanted.to(encoder.dtype), mask, self.mask_over)
        if "inter" in losses:
            volumes = encoder.inter.volume(embedded)
            with torch.autocast(volumes.device.type, enabled=False):
                both = volumes.to(encoder.dtype).chunk(2)
                made["inter"], made["in_use_3d"] = self.volume_clusters(*both, views.volume_samples, frozen)
        return made

    def unreached(self, losses: tuple[str, ...], frozen: bool) -> list[Tensor]:
        """Returns the weights that no gradient of these losses moves."""
        encoder = self.encoder
        reached = {"intra": (encoder.intra, self.head, self.flat_clusters),
                   "mask": (encoder.inter, self.masked),
                   "inter": (encoder.inter, encoder.intra, self.volume_clusters)}  # fmt: skip
        moving = {id(weight) for loss in losses for part in reached[loss] for weight in part.parameters()}
        if frozen:
            moving -= {id(engine.prototypes) for engine in (self.flat_clusters, self.volume_clusters)}
        return [weight for weight in self.parameters() if id(weight) not in moving]

    def _embedded(self, volumes: Tensor, fixed: bool) -> Tensor:
        """Embeddings [B, n, dim] of the volumes' slices; f_intra stays as it is where L_mask has a stage of its own."""
        if not fixed:
            return self.encoder.embed_slices(volumes)
        self.encoder.intra.eval()
        with torch.no_grad():
            embedded = self.encoder.embed_slices(volumes)
        self.encoder.intra.train()
        return embedded


def _engine(settings: JointSettings, dim: int, prototypes: int, heads: int) -> SwAV | DeepCluster:
    if settings.engine == "swav":
        return SwAV(dim, prototypes, settings.temperature, settings.epsilon, settings.iterations)
    return DeepCluster(dim, prototypes, heads, settings.temperature, seed=settings.seed)
