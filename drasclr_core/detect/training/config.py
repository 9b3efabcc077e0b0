"""The settings of a fine-tuning."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from drasclr_core.pretrain.augment import Augmentation


@dataclass(frozen=True)
class FinetuneConfig:
    """How a detector is trained; the paper gives none of these numbers.

    Attributes
    ----------
    epochs : int
        At most so many; the learning rates fall along a cosine to 0.
    patience : int
        Stop after so many epochs without a lower validation loss.
    batch_size : int
        Boxes in a step, half of them negatives.
    twins : bool
        Whether half of the negatives are boxes of the other subtype; else all are healthy.
    views : int
        Random views of each of these boxes in a step. They share one location, hence one set of kernels.
    lr, head_lr : float
        Learning rates of the encoder and of the new linear layer.
    weight_decay : float
        Of AdamW.
    batch_norm : str
        ``trained``: its statistics are those of the batches, which an encoder from scratch needs. ``frozen``: those of
        pretraining stay, and a patch's output never depends on the batch; take a smaller learning rate then. Those of
        landmark norm always stay.
    rotate_deg, translate_mm, scale, noise_std, contrast_p : float
        Degrees, mm, fraction, HU and probability, as in `drasclr_core.pretrain.augment.Augmentation`. The views stay
        near their box, whose label they keep.
    density_hu : float
        Largest number of HU added to or taken from a whole view. Lungs differ in density by how deeply a person has
        breathed in; a detector should not learn from a few dozen subjects that dark lungs are ill.
    seed : int
        Chooses the validation subjects, batches and views.
    save_every_s : float
        Least seconds between two saved states.
    """

    epochs: int = 12
    patience: int = 4
    batch_size: int = 16
    twins: bool = True
    views: int = 1
    lr: float = 1e-3
    head_lr: float = 1e-2
    weight_decay: float = 1e-4
    batch_norm: str = "trained"
    rotate_deg: float = 10.0
    translate_mm: float = 6.0
    scale: float = 0.1
    noise_std: float = 50.0
    contrast_p: float = 0.0
    density_hu: float = 50.0
    seed: int = 0
    save_every_s: float = 20.0

    def __post_init__(self):
        if self.batch_norm not in ("frozen", "trained"):
            raise ValueError(f"batch_norm is 'frozen' or 'trained', not {self.batch_norm!r}.")
        for name in ("epochs", "patience", "views"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")

    def augmentation(self, size: int, spacing: float) -> Augmentation:
        """Returns the random views, for patches of `size` voxels of `spacing` mm."""
        return Augmentation(size, spacing, self.rotate_deg, self.translate_mm, self.scale, noise_std=self.noise_std,
                            contrast_p=self.contrast_p)  # fmt: skip

    def method(self) -> dict:
        """Returns the settings that decide the result."""
        return {name: value for name, value in asdict(self).items() if name != "save_every_s"}
