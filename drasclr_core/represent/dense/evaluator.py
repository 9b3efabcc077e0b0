"""Runs the encoder over many voxels of a scan, so that memory does not grow with their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from drasclr_core.model.encoder import Encoder
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.progress import track
from drasclr_core.represent.dense.voxel_inputs import VoxelInputs

# Batches as measured to be fastest: on a CPU a batch's activations should fit its cache, a GPU wants to be filled.
CPU_VOXELS = 1 << 18
CPU_OWN_KERNELS = 16
GPU_PATCHES = 256


class Evaluator:
    """h at points of a scan, with one set of kernels for each block of neighbouring points.

    Parameters
    ----------
    points_per_edge : int
        Points along each edge of a block; all in it get the kernels of the block's middle. 1: each its own.
    batch_size : int, optional
        Patches that go through the encoder at once.

    Attributes
    ----------
    evaluations : int
        Patches so far.
    listen : callable, optional
        Called with ids [B] and features [B, C] of every batch.
    """

    def __init__(self, inputs: VoxelInputs, encoder: Encoder, points_per_edge: int = 1, batch_size: int | None = None):
        self.inputs, self.encoder, self.points_per_edge = inputs, encoder, points_per_edge
        self.batch_size = batch_size or _batch_size(inputs, points_per_edge)
        self.evaluations = 0
        self.listen: Callable[[np.ndarray, Tensor], None] | None = None

    def order(self, ids: np.ndarray, step: int) -> np.ndarray:
        """Returns points that are `step` voxels apart, sorted block by block."""
        if self.points_per_edge == 1:
            return np.sort(ids)
        blocks = self.inputs.lattice.points(ids) // (step * self.points_per_edge)
        return ids[np.lexsort((ids, *blocks.T[::-1]))]

    def __call__(self, ids: np.ndarray, step: int, description: str) -> Iterator[Tensor]:
        """Yields features [B, C] of points [N], batch by batch, in the order given: that of `order` is the fastest."""
        batches = [slice(start, start + self.batch_size) for start in range(0, len(ids), self.batch_size)]
        features = _ahead(lambda rows: self._evaluate(ids[rows], step), batches, self.inputs.device)
        for rows, part in zip(batches, track(features, description, len(batches)), strict=True):
            self.evaluations += len(part)
            if self.listen:
                self.listen(ids[rows], part)
            yield part

    def all(self, ids: np.ndarray, step: int, description: str) -> Tensor:
        """Returns features [N, C] of all points at once."""
        return torch.cat(list(self(ids, step, description)))

    @torch.inference_mode()
    def _evaluate(self, ids: np.ndarray, step: int) -> Tensor:
        points = self.inputs.lattice.points(ids)
        return self.encoder(self.inputs.patches(points), self._groups(points, step))

    def _groups(self, points: np.ndarray, step: int) -> LocationGroups | Tensor:
        blocks = points // (step * self.points_per_edge)
        starts = np.flatnonzero(np.r_[True, (np.diff(blocks, axis=0) != 0).any(axis=1)])
        middles = (blocks[starts] * self.points_per_edge + (self.points_per_edge - 1) / 2) * step
        locations = torch.from_numpy(self.inputs.locations(middles)).to(self.inputs.device)
        sizes = np.diff(np.r_[starts, len(points)]).tolist()
        return locations[0] if len(sizes) == 1 else LocationGroups(locations, sizes)


def _batch_size(inputs: VoxelInputs, points_per_edge: int) -> int:
    if inputs.device.type != "cpu":
        return GPU_PATCHES
    fitting = max(8, CPU_VOXELS // inputs.size**3)
    return fitting if points_per_edge > 1 else min(fitting, CPU_OWN_KERNELS)


def _ahead(function: Callable, items: list, device: torch.device) -> Iterator:
    """function(item) of each item, in order; on a CPU in threads, a few items ahead.

    Small batches side by side, each on one core, are faster than all cores on one batch after the other.
    """
    threads = torch.get_num_threads() if device.type == "cpu" else 1
    if threads == 1 or len(items) == 1:
        yield from map(function, items)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            running = deque()
            for item in items:
                running.append(pool.submit(function, item))
                if len(running) == 2 * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
    finally:
        torch.set_num_threads(threads)  # what the pool's threads set also holds for threads that begin later
