"""Lung masks for the benchmark of alignment: read, moved by a known affine, or spoilt in a known way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

from drasclr_core.imaging.affine import LPS_TO_RAS, affine_matrix, transform
from drasclr_core.imaging.masks import bounding_box
from drasclr_core.imaging.volume import load_mask, save_mask

EDGE_MM = 15.0
"""Empty space round a mask."""


@dataclass(frozen=True)
class Mask:
    """Lungs: `labels` uint8 [x, y, z] (1 right, 2 left) and `affine` float64 [4, 4], voxels to RAS mm."""

    labels: np.ndarray
    affine: np.ndarray

    @classmethod
    @cache
    def read(cls, path: Path) -> Mask:
        """The lungs' box of a file, RAS+, sides told by place."""
        mask, affine = load_mask(path)
        box = bounding_box(mask, 0)
        low = np.array([side.start for side in box])
        return cls(mask[box], affine @ affine_matrix(np.eye(3), low)).sides_by_place()

    def sides_by_place(self) -> Mask:
        """With 1 for what lies right; of one label, for its right half."""
        values = np.unique(self.labels[self.labels > 0])
        x = [np.nonzero(self.labels == value)[0].mean() for value in values]
        if len(values) == 2:
            right = self.labels == values[np.argmax(x)]
        else:
            right = (np.arange(len(self.labels)) > x[0])[:, None, None]
        return Mask(np.where(self.labels > 0, np.where(right, 1, 2), 0).astype(np.uint8), self.affine)

    def between(self, low: int, high: int | None) -> Mask:
        """These axial slices alone."""
        return Mask(self.labels[:, :, low:high], self.affine @ affine_matrix(np.eye(3), np.array([0, 0, low])))

    def save(self, folder: Path, name: str = "lungs") -> Path:
        """Path of a NIfTI file written there."""
        save_mask(folder / f"{name}.nii.gz", self.labels, self.affine)
        return folder / f"{name}.nii.gz"

    @cached_property
    def points(self) -> np.ndarray:
        """RAS mm [N, 3] of one voxel in five hundred."""
        return transform(self.affine, np.argwhere(self.labels)[::500])

    def moved(self, matrix: np.ndarray, spacing: float) -> Mask:
        """Returns it after `matrix` [4, 4] took its points elsewhere, sampled anew on cubic voxels along the RAS axes.

        Linear interpolation and a threshold of a half: surfaces move by fractions of a voxel, too.
        """
        corners = np.array(list(product(*((-0.5, length - 0.5) for length in self.labels.shape))))
        moved = transform(matrix @ self.affine, corners)
        grid = affine_matrix(np.eye(3) * spacing, moved.min(axis=0) - EDGE_MM)
        shape = tuple(np.ceil((np.ptp(moved, axis=0) + 2 * EDGE_MM) / spacing).astype(int))
        back = np.linalg.inv(matrix @ self.affine) @ grid
        lungs, right = (
            affine_transform(part.astype(np.float32), back[:3, :3], back[:3, 3], shape, order=1)
            for part in (self.labels > 0, self.labels == 1)
        )
        return Mask(np.where(lungs > 0.5, np.where(right > lungs / 2, 1, 2), 0).astype(np.uint8), grid)


def real_affines(table: Path, reference: Mask, atlas: Mask) -> list[tuple[str, np.ndarray]]:
    """Phase and matrix [4, 4], RAS mm, of every line of `table`, which maps points of `reference` to a subject.

    The table is ITK's: LPS, x -> M (x - c) + c + t. The atlas stands where the reference stood: its middle on the
    reference's.
    """
    there = affine_matrix(np.eye(3), reference.points.mean(axis=0) - atlas.points.mean(axis=0))
    found = []
    for line in pd.read_csv(table).itertuples():
        linear = np.array(line[2:11]).reshape(3, 3)
        shift, centre = np.array(line[11:14]), np.array(line[14:17])
        lps = affine_matrix(linear, centre + shift - linear @ centre)
        found.append((line.phase, LPS_TO_RAS @ lps @ LPS_TO_RAS @ there))
    return found


def hard_affine(random: np.random.Generator, middle: np.ndarray) -> np.ndarray:
    """Harder than real: turned by up to 30 degrees about any axis, 0.7 to 1.4 times as large, moved by 200 mm."""
    axis, direction = (vector / np.linalg.norm(vector) for vector in random.normal(size=(2, 3)))
    turn = Rotation.from_rotvec(axis * np.deg2rad(random.uniform(0, 30))).as_matrix()
    linear = turn @ np.diag(random.uniform(0.7, 1.4, 3))
    return affine_matrix(linear, middle + 200 * direction - linear @ middle)


def about(linear: np.ndarray, mask: Mask) -> np.ndarray:
    """[4, 4]: `linear` about the middle of a mask."""
    middle = mask.points.mean(axis=0)
    return affine_matrix(linear, middle - linear @ middle)


def turned(angle: float, axis: str) -> np.ndarray:
    """[3, 3] of a rotation in degrees about a RAS axis."""
    return Rotation.from_euler(axis, angle, degrees=True).as_matrix()


def spoilt(mask: Mask, spacing: float) -> list[tuple[str, Mask, np.ndarray]]:
    """What went wrong, the mask it leaves, and where ([4, 4]) it takes the lungs' points.

    Lungs that were cut end on the image's last slice, as in a scan that ends there.
    """
    turns = {
        "only turned by 30° about x": turned(30, "x"),
        "only turned by 30° about y": turned(30, "y"),
        "only turned by 30° about z": turned(30, "z"),
        "turned by 90° about z": turned(90, "z"),
        "turned by 180° about z": turned(180, "z"),
        "turned by 180° about x": turned(180, "x"),
        "turned by 180° about y": turned(180, "y"),
        "mirrored, right to left": np.diag([-1.0, 1, 1]),
        "mirrored, front to back": np.diag([1.0, -1, 1]),
        "mirrored, head to foot": np.diag([1.0, 1, -1]),
        "axes x and z exchanged": np.eye(3)[[2, 1, 0]],
    }
    far = affine_matrix(np.eye(3), np.array([120.0, -120, 100]))
    moves = {"only moved by 200 mm": far} | {name: about(turn, mask) for name, turn in turns.items()}
    found = [(name, mask.moved(move, spacing).sides_by_place(), move) for name, move in moves.items()]
    height = bounding_box(mask.labels, 0)[2]
    for share, name in ((0.1, "tenth"), (0.3, "three tenths"), (0.5, "half")):
        cut = round(share * (height.stop - height.start))
        found.append((f"lower {name} cut off", mask.between(height.start + cut, None), np.eye(4)))
        found.append((f"upper {name} cut off", mask.between(0, height.stop - cut), np.eye(4)))
    for label, name in ((1, "right"), (2, "left")):
        rest = np.where(mask.labels == label, 0, mask.labels)
        found.append((f"{name} lung missing", Mask(rest, mask.affine), np.eye(4)))
    return found
