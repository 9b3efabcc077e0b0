"""Deformations of cubes that a network is asked to undo: flips, shuffled windows, other intensities, painted boxes.

All take cubes float [B, n, n, n] in [0, 1] a batch at a time, and draw everything random from a `torch.Generator`.
"""

from drasclr_core.pretrain.deform.cutout import cutout, draw_cutout, draw_noise, swap_boxes
from drasclr_core.pretrain.deform.flips import flip, quarter_turns
from drasclr_core.pretrain.deform.intensity import change_intensity
from drasclr_core.pretrain.deform.paint import draw_inner, draw_outer
from drasclr_core.pretrain.deform.restoration import Restoration
from drasclr_core.pretrain.deform.shuffle import draw_shuffle, shuffle

__all__ = ["Restoration", "change_intensity", "cutout", "draw_cutout", "draw_inner", "draw_noise", "draw_outer",
           "draw_shuffle", "flip", "quarter_turns", "shuffle", "swap_boxes"]  # fmt: skip
