"""Distortions that DiRA undoes (Haghighi et al. 2022): blocks cut out, all but some blocks cut out, blocks exchanged.

Everything random is drawn for a whole batch at once (`draw_distortions`); the rest are functions of views and draws.
The published sizes are pixels of pictures of 224 x 224. Here an edge is the share of the patch's edge to the power of
2/3, so that a block takes the share of the volume that it takes of the published picture's area, at any patch size.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from drasclr_core.pretrain.deform.boxes import union_of_boxes

PICTURE = 224
"""Edge of the published pictures in pixels."""
CUT, KEPT, EXCHANGED = (10, 70), (154, 174), (10, 15)
"""Smallest and largest edge, in pixels of such a picture, of a block that is cut out, kept alone, or exchanged."""
MOST_BLOCKS, STOPS = 10, 0.1
"""Blocks of a distortion at most; how often it ends after a block, unless it exchanges."""
AIR = -1.0


class Distortions(NamedTuple):
    """What was drawn for a batch of B views with K blocks each, all uniform in [0, 1).

    Attributes
    ----------
    kind : [B]
        Chooses the distortion.
    edges, rounding, places, others : [B, K, 3]
        Edges of the blocks and how they are rounded to voxels, where blocks lie, and where those lie that they are
        exchanged with.
    stops : [B, K]
    """

    kind: Tensor
    edges: Tensor
    rounding: Tensor
    places: Tensor
    others: Tensor
    stops: Tensor

    def of(self, rows: Tensor) -> Distortions:
        """The draws of some views."""
        return Distortions(*(drawn[rows] for drawn in self))


def draw_distortions(batch: int, generator: torch.Generator) -> Distortions:
    """Everything random in the distortions of a batch, on the generator's device."""
    drawn = torch.rand(batch, 1 + 13 * MOST_BLOCKS, generator=generator, device=generator.device)
    kind, *by_block, stops = drawn.split([1, *[3 * MOST_BLOCKS] * 4, MOST_BLOCKS], dim=1)
    return Distortions(kind[:, 0], *(part.unflatten(1, (MOST_BLOCKS, 3)) for part in by_block), stops)


def distort(views: Tensor, draws: Distortions, cut_p: float, around_p: float, exchange_p: float) -> Tensor:
    """Distorts each view in one way, or in none.

    Parameters
    ----------
    views : Tensor [B, 1, n, n, n]
        In [-1, 1].
    draws : Distortions
    cut_p, around_p, exchange_p : float
        How often blocks are cut out (`cut_out`), all but some blocks are (`cut_around`), or are exchanged (`exchange`).

    Returns
    -------
    Tensor [B, 1, n, n, n]
    """
    limits = torch.tensor([cut_p, around_p, exchange_p], device=views.device).cumsum(0)
    chosen = (draws.kind[:, None] >= limits).sum(dim=1)[:, None, None, None, None]
    for number, change in enumerate((cut_out, cut_around, exchange)):
        views = torch.where(chosen == number, change(views, draws), views)
    return views


def cut_out(views: Tensor, draws: Distortions) -> Tensor:
    """Sets up to ten blocks, which may overlap, to air."""
    return views.masked_fill(_union(views, draws, CUT), AIR)


def cut_around(views: Tensor, draws: Distortions) -> Tensor:
    """Sets everything to air but up to ten large blocks, which overlap."""
    return views.masked_fill(~_union(views, draws, KEPT), AIR)


def exchange(views: Tensor, draws: Distortions) -> Tensor:
    """Exchanges ten pairs of small blocks; where pairs meet, the later one shows what the undistorted view has there.

    Two blocks of a pair may overlap: the published code means to forbid it, but its condition always holds.
    """
    size = views.shape[-1]
    edges = _edges(draws, EXCHANGED, size)
    first, second = (_starts(part, edges, size) for part in (draws.places, draws.others))
    here, there = _inside(first, edges, size), _inside(second, edges, size)
    steps = torch.tensor([size**2, size, 1], device=views.device)
    apart = ((second - first) * steps).sum(dim=-1)[..., None, None, None]
    own = torch.arange(size**3, device=views.device).view(size, size, size)
    source = own.expand(len(views), size, size, size)
    for block in range(edges.shape[1]):
        source = torch.where(_box(here[:, block]), own + apart[:, block], source)
        source = torch.where(_box(there[:, block]), own - apart[:, block], source)
    return views.flatten(1).gather(1, source.flatten(1)).view_as(views)


def _edges(draws: Distortions, pixels: tuple[int, int], size: int) -> Tensor:
    """Edges of blocks in voxels, int [B, K, 3], rounded up or down at random so that their mean is right."""
    low, high = (edge / PICTURE for edge in pixels)
    edges = (low + draws.edges * (high - low)) ** (2 / 3) * size
    return (edges + draws.rounding).floor().long().clamp(1, size)


def _starts(places: Tensor, edges: Tensor, size: int) -> Tensor:
    """First voxels of blocks that lie wholly inside, int [B, K, 3]."""
    return (places * (size - edges + 1)).floor().long()


def _inside(starts: Tensor, edges: Tensor, size: int) -> Tensor:
    """Along each axis, which voxels lie in each block: bool [B, K, 3, n]."""
    axis = torch.arange(size, device=starts.device)
    return (axis >= starts[..., None]) & (axis < (starts + edges)[..., None])


def _box(inside: Tensor) -> Tensor:
    """Voxels of one block of each view, bool [B, n, n, n], from those along each axis [B, 3, n]."""
    x, y, z = inside.unbind(1)
    return x[:, :, None, None] & y[:, None, :, None] & z[:, None, None, :]


def _union(views: Tensor, draws: Distortions, pixels: tuple[int, int]) -> Tensor:
    """Voxels of all blocks up to the one after which it stops, bool [B, 1, n, n, n]."""
    size = views.shape[-1]
    edges = _edges(draws, pixels, size)
    goes_on = (draws.stops >= STOPS).long().cumprod(dim=1)
    drawn = torch.cat([torch.ones_like(goes_on[:, :1]), goes_on[:, :-1]], dim=1).bool()
    return union_of_boxes(_starts(draws.places, edges, size), edges, drawn, (size,) * 3)[:, None]
