"""Settings of joint image-volume learning."""

from __future__ import annotations

from dataclasses import dataclass

from drasclr_core.image_volume.turns import LOSSES, Turn, turns
from drasclr_core.image_volume.volume_transformer import ATTENTIONS
from drasclr_core.names import refuse_unknown
from drasclr_core.pieces import file_fingerprint
from drasclr_core.pretrain.settings import TrainingSettings

ENGINES = ("swav", "deepcluster")
STREAMS = ("slices", "radiographs")
"""Kinds of 2D images that notebook 50 makes of a cohort's scans."""


@dataclass(frozen=True)
class JointSettings(TrainingSettings):
    """Settings of joint learning; the defaults are those of the authors' code, as far as it has them.

    Attributes
    ----------
    warmup : float
        10 of 100 epochs; of each stage, if there are `stages`.
    engine : str
        What clusters slices and images, and volumes: ``swav`` or ``deepcluster``, version 2.
    prototypes, volume_prototypes : int
        Of slices and images, and of volumes; with ``deepcluster`` the authors have 4 of volumes.
    heads_2d, heads_3d : int
        Sets of prototypes of ``deepcluster``.
    temperature, epsilon, iterations
        Of the softmax, and of SwAV's assignment (see `sinkhorn`).
    frozen : float
        Share of the training, or of a stage, in which prototypes do not learn: 313 steps.
    intra_weight, mask_weight, inter_weight : float
        Of the losses; a loss of weight 0 is left out, and what only it needs.
    mask_share : float
        Of the slices that are hidden.
    mask_over : str
        ``masked`` or ``all`` slices (see `masked_embedding_loss`).
    schedule : str
        ``together``, ``turns`` or ``stages`` (see `drasclr_core.image_volume.turns`).
    depth, width, dim : int
        Of the slices' network, and length of an embedding (see `SliceEncoder`).
    project : int
        Length of the embedding whose clusters L_intra asks for.
    layers, heads, head_dim, hidden, attention, stride, reach, dropout
        Of the transformer (see `VolumeTransformer`).
    slices_per_patch, images_per_step : int
        That a step shows in 2D; 0 for none.
    crop_area : (float, float)
        Smallest and largest share of a slice, or an image, that a view shows.
    images : str
        A stream of 2D images that is learnt from beside the patches: one of the cohort's (`STREAMS`), or the folder of
        any (`cohort.images.read_stream`); empty for none.
    larc, trust
        Whether the step of each tensor is scaled, and by how much (see `LARC`).
    landmarks_per_step : int
        In a batch (see `MixedSampler`).

    Raises
    ------
    ValueError
        Another engine or attention; no loss; nothing in 2D; volumes of fewer slices than the attention's stride.
    """

    lr: float = 0.01
    weight_decay: float = 1e-6
    warmup: float = 0.1
    engine: str = "swav"
    prototypes: int = 3000
    volume_prototypes: int = 3000
    heads_2d: int = 3
    heads_3d: int = 3
    temperature: float = 0.1
    epsilon: float = 0.05
    iterations: int = 3
    frozen: float = 0.01
    intra_weight: float = 1.0
    mask_weight: float = 1.0
    inter_weight: float = 1.0
    mask_share: float = 0.1
    mask_over: str = "masked"
    schedule: str = "together"
    depth: int = 50
    width: int = 64
    dim: int = 640
    project: int = 128
    layers: int = 4
    heads: int = 8
    head_dim: int = 64
    hidden: int = 720
    attention: str = "deformable"
    stride: int = 4
    reach: float = 2.0
    dropout: float = 0.1
    slices_per_patch: int = 2
    images_per_step: int = 64
    crop_area: tuple[float, float] = (0.3, 1.0)
    images: str = ""
    larc: bool = True
    trust: float = 1e-3
    landmarks_per_step: int = 16

    def __post_init__(self):
        super().__post_init__()
        refuse_unknown([self.engine], ENGINES, "engine")
        refuse_unknown([self.attention], ATTENTIONS, "attention")
        size = self.augmentation.size
        if self.attention == "deformable" and not 1 <= self.stride <= size:
            raise ValueError(f"Volumes of {size} slices, and an attention with a stride of {self.stride}: the stride "
                             "must be from 1 to the number of slices. Give larger patches or a smaller stride, or take "
                             "attention 'plain'.")  # fmt: skip
        self.kinds()

    def weights(self) -> dict[str, float]:
        """Returns the weight of each loss that has one."""
        every = dict(zip(LOSSES, (self.intra_weight, self.mask_weight, self.inter_weight), strict=True))
        return {name: weight for name, weight in every.items() if weight}

    def kinds(self) -> list[Turn]:
        """Returns the kinds of steps (see `turns`)."""
        there = {"images": self.images and self.images_per_step, "slices": self.slices_per_patch}
        return turns(self.schedule, list(self.weights()), [name for name, given in there.items() if given])

    def that_matter(self) -> dict:
        """As for every method; of the stream of images its content, not its place."""
        return super().that_matter() | {"images": file_fingerprint(self.images) if self.images else ""}
