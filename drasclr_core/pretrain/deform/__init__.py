"""Deformations of cubes that a network is asked to undo: flips, shuffled windows, other intensities, painted boxes.

All take cubes float [B, n, n, n] in [0, 1] a batch at a time, and draw everything random from a `torch.Generator`.
"""

from drasclr_core.pretrain.deform.boxes import union_of_boxes
from drasclr_core.pretrain.deform.cutout import cutout, swap_boxes
from drasclr_core.pretrain.deform.flips import draw_flips, flip
from drasclr_core.pretrain.deform.intensity import bezier, change_intensity
from drasclr_core.pretrain.deform.paint import draw_inner, draw_outer
from drasclr_core.pretrain.deform.restoration import Restoration
from drasclr_core.pretrain.deform.shuffle import draw_shuffle, shuffle

__all__ = ["Restoration", "bezier", "change_intensity", "cutout", "draw_flips", "draw_inner", "draw_outer",
           "draw_shuffle", "flip", "shuffle", "swap_boxes", "union_of_boxes"]  # fmt: skip
