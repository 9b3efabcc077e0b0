"""DiRA: contrast, restoration and adversary together (Haghighi et al. 2022, CVPR; the paper's Tables 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from drasclr_core.methods.row import Row
from drasclr_core.model import ConditionalMemoryBank, Encoder, ProjectionHead
from drasclr_core.model.adversarial import discriminator, discriminator_loss, generator_loss
from drasclr_core.model.encoder import last_channels
from drasclr_core.model.skip_decoder import SkipDecoder
from drasclr_core.pretrain.contrast import WATCHED, against_bank
from drasclr_core.pretrain.distort import cut_around, cut_out, distort, draw_distortions, exchange
from drasclr_core.pretrain.distorted_views import RestorationViews, changed_view, draw_restoration_views
from drasclr_core.pretrain.generator import Generator
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.mixed import MixedBatch, MixedSampler, read_mixed
from drasclr_core.pretrain.momentum import ProjectedEncoder, embed_keys, follow, key_network
from drasclr_core.pretrain.optimizers import JointOptimizer
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches

BETAS = (0.5, 0.999)
"""Of the discriminator's Adam."""


@dataclass(frozen=True)
class DiRASettings(TrainingSettings):
    """Settings of DiRA; the defaults are those of its code, but for the last five, which that does not have.

    Attributes
    ----------
    bank_size : int
        Negatives, K, from all landmarks.
    rep_dim, dim : int
        Length of the representation and of the contrasted embedding.
    temperature, key_momentum : float
        Softmax temperature, m of the key network.
    restoration_weight, adversarial_weight : float
        Of the two other losses, beside 1 for the contrast.
    discriminator_lr : float
        Of the discriminator's Adam, which stays.
    cut_p, around_p, exchange_p : float
        How often a view is distorted in each way (see `drasclr_core.pretrain.distort`).
    adversarial_from : float
        Share of all steps after which the discriminator comes in, untrained: 1200 of 1600 epochs; 1 for never.
    decoder_width, discriminator_width : int
        Channels at the finest resolution (see `SkipDecoder` and `discriminator`).
    key_splits : int
        Parts in which each process's keys go through batch norm (see `DrasCLRSettings`).
    fresh_negatives : bool
        Put a batch's keys into the bank before the batch is contrasted (see `DrasCLRSettings`).

    Raises
    ------
    ValueError
        For a share outside [0, 1], or distortions that happen more than always.
    """

    batch_size: int = 256
    lr: float = 0.03
    bank_size: int = 65536
    rep_dim: int = 128
    dim: int = 128
    temperature: float = 0.2
    key_momentum: float = 0.999
    restoration_weight: float = 10.0
    adversarial_weight: float = 0.001
    discriminator_lr: float = 2e-4
    cut_p: float = 0.3
    around_p: float = 0.05
    exchange_p: float = 0.3
    adversarial_from: float = 0.75
    decoder_width: int = 4
    discriminator_width: int = 16
    key_splits: int = 1
    fresh_negatives: bool = True

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.adversarial_from <= 1:
            raise ValueError(
                f"adversarial_from is {self.adversarial_from}; it must be from 0 to 1, a share of all steps."
            )
        distortions = self.distortions()
        if min(distortions) < 0 or sum(distortions) > 1 + 1e-9:
            raise ValueError(
                f"cut_p, around_p and exchange_p are {distortions}; they must be 0 or more, and 1 together."
            )

    def distortions(self) -> tuple[float, float, float]:
        """Returns how often a view is distorted in each way."""
        return self.cut_p, self.around_p, self.exchange_p


class DiRA(Method):
    """A U-Net whose encoder contrasts and whose decoder restores what was distorted, to a discriminator's liking.

    What differs from the publication (its code, variant MoCo v2):

    - patches of the lung in 3D instead of whole radiographs: DrasCLR's CNN without conditioning instead of ResNet-50,
      and decoder and discriminator with an eighth and a quarter of the published channels or fewer;
    - views are the other methods' (turned, shifted, stretched, with noise and contrast) instead of crops of a fifth to
      all of the picture with jitter, blur and flips; like the published ones they are restored to the crop as it was
      before its values changed;
    - distortions take the published shares of volume instead of area, without the margin of 3 of 224 pixels;
    - one training with one schedule: the discriminator comes in after a share of its steps, instead of a second
      training with smaller batches, a new schedule and the weights that were best in validation;
    - a query's own subject's keys are no negatives; the other keys of its batch are, which takes the place of keys
      shuffled between processes (see `DrasCLRSettings`);
    - the key network has no decoder, which the published one has and does not use.

    Parameters
    ----------
    settings : DiRASettings
    atlas : Atlas
    """

    row = Row("DiRA", "#DDCC77", 380, {"table2": "DiRA", "table3": "Imaging: DiRA", "table4": "DiRA"})
    Settings = DiRASettings
    curves = MappingProxyType({"loss_contrast": "contrast", "loss_restoration": "restoration"})
    metrics = ("loss_contrast", "loss_restoration", "loss_adversarial", "loss_discriminator", *WATCHED)

    def __init__(self, settings: DiRASettings, atlas):
        super().__init__(settings, atlas)
        encoder = Encoder(settings.rep_dim, conditioning="none")
        head = ProjectionHead(settings.rep_dim, settings.dim)
        decoder = SkipDecoder(last_channels(settings.rep_dim), settings.decoder_width)
        self.generator = Generator(ProjectedEncoder(encoder, head), decoder)
        self.key = key_network(self.generator.projected)
        self.discriminator = discriminator(settings.augmentation.size, settings.discriminator_width)
        self.bank = ConditionalMemoryBank(1, settings.bank_size, settings.dim)
        if settings.compile:
            self.generator.compile(mode=settings.compile)
            self.key.compile(mode=settings.compile)

    @property
    def encoder(self) -> Encoder:
        return self.generator.projected.encoder

    @property
    def adversarial(self) -> bool:
        """Whether the discriminator has come in."""
        return self.done >= self.settings.adversarial_from

    def optimizer(self) -> JointOptimizer:
        """SGD for the generator, and Adam for the discriminator, which does nothing before that comes in."""
        settings = self.settings
        for_generator = torch.optim.SGD(self.generator.parameters(), settings.lr, settings.momentum,
                                        weight_decay=settings.weight_decay, fused=True)  # fmt: skip
        judging = {"params": list(self.discriminator.parameters()), "scheduled": False}
        for_discriminator = torch.optim.Adam([judging], settings.discriminator_lr, BETAS)
        # Its steps count from when the discriminator comes in: without gradients Adam takes none.
        for_discriminator.register_step_pre_hook(lambda adam, *_: None if self.adversarial else adam.zero_grad())
        return JointOptimizer(for_generator, for_discriminator)

    def sampler(self, subjects: int, processes: int) -> MixedSampler:
        settings = self.settings
        return MixedSampler(len(self.locations), subjects, settings.batch_size, seed=settings.seed, processes=processes)

    def key_splits(self) -> int:
        return self.settings.key_splits

    def read(self, store, batch: MixedBatch, shard: BatchShard) -> Patches:
        query = read_mixed(store, batch, shard.rows)
        whole = len(shard.rows) == shard.size
        return Patches(query, query[shard.key_rows] if whole else read_mixed(store, batch, shard.key_rows), None)

    def views(self, patches: Patches, generator: torch.Generator, shard: BatchShard) -> RestorationViews:
        settings = self.settings
        return draw_restoration_views(settings.augmentation, settings.distortions(), patches, generator, shard)

    def step(self, batch: MixedBatch, views: RestorationViews, shard: BatchShard) -> tuple[Tensor, Iterable[Tensor]]:
        """All losses of generator and discriminator, each of which reaches its own parameters only.

        Both learn from one backward pass: the published order, generator first, shows the discriminator what the
        generator made before its step, too.
        """
        settings = self.settings
        query, made = self.generator(views.query, self.locations[0])
        follow(self.key, self.generator.projected, settings.key_momentum)
        keys = embed_keys(self.key, views.key, self.locations[:1], shard)[0]
        contrast = against_bank(self.bank, 0, batch.subjects, shard, query, keys, fresh=settings.fresh_negatives)
        with torch.autocast(keys.device.type, enabled=False):  # losses need more digits than bf16 has
            made, real = made.to(keys), (views.crop.to(keys) + 1) / 2
            told, restored = contrast.losses(settings.temperature)[0], F.mse_loss(made, real)
            wanted, judged = self._adversary(made, real)
            loss = told + settings.restoration_weight * restored + settings.adversarial_weight * wanted + judged
            return loss, (told, restored, wanted, judged, *contrast.watched(settings.temperature))

    def _adversary(self, made: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of the generator and that of the discriminator, both 0 before that comes in."""
        if not self.adversarial:  # several processes need every parameter in every step
            nothing = 0 * sum(weight.sum() for weight in self.discriminator.parameters())
            return nothing.detach(), nothing
        fixed = {name: weight.detach() for name, weight in self.discriminator.named_parameters()}
        wanted = generator_loss(functional_call(self.discriminator, fixed, made))
        return wanted, discriminator_loss(self.discriminator(real), self.discriminator(made.detach()))


def pretext_pictures(stored: Tensor, settings: DiRASettings, generator: torch.Generator) -> dict[str, Tensor]:
    """What the network is shown and asked for, in order, with a caption each.

    Parameters
    ----------
    stored : int16 Tensor [N, m, m, m]
        HU.
    settings : DiRASettings
    generator : torch.Generator

    Returns
    -------
    dict of str to float32 Tensor [N, n, n, n]
        About [-1, 1].
    """
    count = len(stored)
    crop, changed = changed_view(settings.augmentation, stored.numpy(), generator, count, torch.arange(count))
    draws = draw_distortions(count, generator)
    pictures = {"crop, to be restored": crop, "distorted": distort(changed, draws, *settings.distortions()),
                "blocks cut out": cut_out(changed, draws), "all but blocks cut out": cut_around(changed, draws),
                "blocks exchanged": exchange(changed, draws)}  # fmt: skip
    return {caption: views[:, 0] for caption, views in pictures.items()}
