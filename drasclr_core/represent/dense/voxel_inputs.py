"""One scan as the encoder sees it: a patch and a location at every voxel."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.imaging.constants import HIGHEST, LOWEST
from drasclr_core.model.encoder import Encoder
from drasclr_core.model.inputs import HU_WINDOW, center_views
from drasclr_core.represent.dense.folding import check_encoder
from drasclr_core.represent.dense.lattice import Lattice

NEEDED = ("patch_size", "spacing_mm", "hu_window", "location_box_mm")
AT_ONCE = 1 << 20  # points whose locations are computed at once


def check_input(scan: AlignedScan, encoder: Encoder) -> None:
    """Raises ValueError, naming the remedy, unless the scan, its lungs and the encoder go together."""
    check_encoder(encoder)
    about, volume, lungs = encoder.description, scan.volume, np.asarray(scan.lungs)
    missing = [name for name in NEEDED if name not in about]
    if missing:
        raise ValueError(f"The encoder's description lacks {', '.join(missing)}. Load it by Encoder.from_pretrained, "
                         "which reads the description too, or set these in encoder.description.")  # fmt: skip
    if tuple(about["hu_window"]) != HU_WINDOW:
        raise ValueError(f"The encoder was trained on HU of {list(about['hu_window'])}, but patches are scaled from "
                         f"{list(HU_WINDOW)}: train it again with this version.")  # fmt: skip
    if lungs.shape != volume.array.shape:
        raise ValueError(f"The lung mask has {lungs.shape} voxels and the volume {volume.array.shape}: "
                         "segment the lungs of this volume at its voxel size.")  # fmt: skip
    if not (lungs > 0).any():
        raise ValueError("The lung mask is empty: there is no voxel to represent. Look at the segmentation first.")
    if not np.allclose(volume.spacing, about["spacing_mm"], rtol=0.01):
        raise ValueError(f"The volume's voxels are {np.round(volume.spacing, 3).tolist()} mm, but the encoder was "
                         f"trained on {about['spacing_mm']:g} mm: use load_volume(path, "
                         f"spacing={about['spacing_mm']:g}).")  # fmt: skip


class VoxelInputs:
    """Cuts patches out of a scan, and says where in the atlas a voxel lies.

    The part of the scan round the lungs is kept once, as int16, with air where patches leave the volume. A patch of
    even size has no voxel in its middle: as in `extract_patches`, it then reaches one voxel further up than down, so
    its middle is half a voxel above the voxel's centre on every axis. The location is that of the voxel's centre.

    Parameters
    ----------
    lattice : Lattice
        Its box is where patches can be asked for.
    encoder : Encoder
        Its description gives the size of patches and the atlas's box; its device is where they go.
    """

    def __init__(self, scan: AlignedScan, lattice: Lattice, encoder: Encoder):
        self.scan, self.lattice = scan, lattice
        self.size, self.device, self.dtype = encoder.description["patch_size"], encoder.device, encoder.dtype
        self.box = np.asarray(encoder.description["location_box_mm"], dtype=float)
        lowest = lattice.low - (self.size - 1) // 2  # voxel of the lowest patch
        self.hu = torch.from_numpy(_cut(scan.volume.array, lowest, np.array(lattice.lungs.shape) + self.size - 1))
        self.hu = self.hu.to(self.device)

    def patches(self, points: np.ndarray) -> Tensor:
        """Returns patches [B, 1, n, n, n], scaled to [-1, 1], at voxels [B, 3] of the lattice's box."""
        n, corners = self.size, (points - self.lattice.low).tolist()
        cut = torch.stack([self.hu[x : x + n, y : y + n, z : z + n] for x, y, z in corners])
        return center_views(cut, n)[:, None].to(self.dtype)

    def locations(self, points: np.ndarray) -> np.ndarray:
        """Returns locations float32 [N, 3] of points [N, 3] in voxels, clipped to [-1, 1]."""
        return np.clip(self._scaled(points), -1, 1).astype(np.float32)

    def count_clipped(self, ids: np.ndarray) -> int:
        """Counts those of the voxels that lie outside the box of the atlas, where the encoder has seen nothing."""
        parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
        beyond = 1 + 1e-6  # the tolerance of Atlas.scale
        return sum(int((np.abs(self._scaled(self.lattice.points(part))) > beyond).any(axis=1).sum()) for part in parts)

    def _scaled(self, points: np.ndarray) -> np.ndarray:
        low, high = self.box
        return 2 * (self.scan.voxels_in_atlas(points) - low) / (high - low) - 1


def _cut(array: np.ndarray, first: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """A box of HU as int16 [shape], with air outside the volume; slice by slice, so that no second copy is needed."""
    part = np.full(shape, int(LOWEST), dtype=np.int16)
    start, stop = np.clip([first, first + shape], 0, array.shape)
    inside = part[tuple(map(slice, start - first, stop - first))]
    for into, values in zip(inside, array[tuple(map(slice, start, stop))], strict=True):
        into[:] = np.clip(np.rint(values), LOWEST, HIGHEST)
    return part
