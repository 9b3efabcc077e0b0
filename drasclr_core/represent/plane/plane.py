"""One coronal plane of the atlas, carried into scans: the same places in every subject, more densely than landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy import ndimage

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.imaging.affine import transform
from drasclr_core.model.inputs import center_views
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.progress import track


class AtlasPlane(NamedTuple):
    """What `atlas_plane` returns.

    Attributes
    ----------
    step_mm : float
        Between neighbouring points.
    points_mm : float64 [N, 3]
        Points in the atlas's lungs, RAS mm of the atlas.
    locations : float32 [N, 3]
        The same in [-1, 1].
    columns, rows : int64 [N]
        Where they are in a picture of `shape`: columns from the subject's right to left, rows upwards.
    shape : (int, int)
        Rows and columns.
    """

    step_mm: float
    points_mm: np.ndarray
    locations: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    shape: tuple[int, int]

    def picture(self, values: np.ndarray) -> np.ndarray:
        """Returns values [N] of the points as a picture float32 [rows, columns]; NaN where there is no point."""
        picture = np.full(self.shape, np.nan, np.float32)
        picture[self.rows, self.columns] = values
        return picture

    def sample(self, volume: np.ndarray, affine: np.ndarray, to_atlas: np.ndarray, finer: int = 1,
               order: int = 1) -> np.ndarray:  # fmt: skip
        """Returns a volume [x, y, z] of a scan on this plane, float32 [rows, columns] times `finer`.

        `affine` goes from its voxels to the scan's mm, `to_atlas` on to the atlas's; `order` is that of interpolation.
        """
        at = (np.arange(finer) + 0.5) / finer - 0.5
        rows, columns = (np.add.outer(np.arange(size), at).ravel() for size in self.shape)
        first = self.points_mm[0] + self.step_mm * np.array([self.columns[0], 0, -self.rows[0]])
        grid = np.zeros((len(rows), len(columns), 3)) + first
        grid[..., 0] -= self.step_mm * columns
        grid[..., 2] += self.step_mm * rows[:, None]
        voxels = transform(np.linalg.inv(affine), transform(np.linalg.inv(to_atlas), grid))
        values = np.asarray(volume, np.float32)
        return ndimage.map_coordinates(values, np.moveaxis(voxels, -1, 0), order=order, mode="nearest")

    def apart_from(self, point: int, edge_mm: float) -> np.ndarray:
        """Returns which points have patches that share nothing with that of one point, bool [N]."""
        return (np.abs(self.points_mm - self.points_mm[point]) >= edge_mm).any(axis=1)


def atlas_plane(atlas: Atlas, step_mm: float = 6.0) -> AtlasPlane:
    """Returns points on the coronal plane on which the atlas has the most lung, within the box of its patches."""
    voxels = np.argwhere(atlas.lungs > 0)
    lung = transform(atlas.affine, voxels)
    depth, counts = np.unique(np.round(lung[:, 1], 3), return_counts=True)
    y, (low, high) = depth[counts.argmax()], atlas.box
    x = np.arange(high[0] - step_mm / 2, low[0], -step_mm)  # the subject's right comes first
    z = np.arange(low[2] + step_mm / 2, high[2], step_mm)
    rows, columns = (index.ravel() for index in np.indices((len(z), len(x))))
    points = np.stack([x[columns], np.full(len(columns), y), z[rows]], axis=1)
    nearest = np.rint(transform(np.linalg.inv(atlas.affine), points)).astype(int)
    within = ((nearest >= 0) & (nearest < atlas.lungs.shape)).all(axis=1)
    inside = within & (atlas.lungs[tuple(np.where(within[:, None], nearest, 0).T)] > 0)
    points = points[inside]
    return AtlasPlane(step_mm, points, atlas.scale(points), columns[inside], rows[inside], (len(z), len(x)))


def points_in_scan(scan: AlignedScan, points_mm: np.ndarray) -> np.ndarray:
    """Returns where points [N, 3] of the atlas lie in a scan, RAS mm."""
    return transform(np.linalg.inv(scan.to_atlas), points_mm)


@torch.inference_mode()
def plane_features(encoder: PatchEncoder, patches: Sequence[np.ndarray], locations: np.ndarray) -> np.ndarray:
    """Returns h = e(patch, location), float32 [S, N, C], of S subjects at N places (Eq. 10).

    One place at a time, as at the landmarks, so that its kernels are mixed once for all subjects.

    Parameters
    ----------
    encoder : PatchEncoder
        In eval mode, with ``description["patch_size"]``.
    patches : sequence of int16 [N, n, n, n]
        HU, of each subject (`cut_at`).
    locations : float32 [N, 3]
    """
    size, device = encoder.description["patch_size"], encoder.device
    told = torch.as_tensor(locations, dtype=torch.float32, device=device)
    features = np.empty((len(patches), len(locations), encoder.rep_dim), np.float32)
    for place in track(range(len(locations)), "Places"):
        views = center_views(torch.from_numpy(np.stack([own[place] for own in patches])), size)[:, None].to(device)
        features[:, place] = encoder(views, told[place]).float().cpu().numpy()
    return features


def cut_at(scan: AlignedScan, points_mm: np.ndarray, size: int) -> np.ndarray:
    """Returns the patches int16 [N, size, size, size] of a scan round points [N, 3] of the atlas."""
    return extract_patches(scan.volume, points_in_scan(scan, points_mm), size)[0]
