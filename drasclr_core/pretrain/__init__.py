"""Pretraining: augmentation, sampling, the loop."""

from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.pretrain.config import PretrainConfig
from drasclr_core.pretrain.loop import pretrain

__all__ = ["Augmentation", "PretrainConfig", "pretrain"]
