"""The training loop and what every pretraining method is built from: augmentation, batches, schedule, resuming."""

from drasclr_core.pretrain.augment import Augmentation
from drasclr_core.pretrain.blocks import BlockSampler
from drasclr_core.pretrain.loop import pretrain
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.sampling import LandmarkSampler
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Patches, draw_view, draw_views, read_patches, step_generator

__all__ = ["Augmentation", "BatchShard", "BlockSampler", "LandmarkSampler", "Method", "Patches", "TrainingSettings",
           "draw_view", "draw_views", "pretrain", "read_patches", "step_generator"]  # fmt: skip
