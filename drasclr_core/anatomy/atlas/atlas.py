"""The atlas: one lung mask, and the landmarks on it that every subject shares (section 3.1 of the paper).

Orientation. Landmarks depend on where the grid starts, hence on the order in which the mask's voxels are stored. The
authors' mask is stored with x growing towards the subject's left (RAS affine diag(-1, 1, 1); SimpleITK, which counts in
LPS, shows it as direction diag(1, -1, 1)). An atlas therefore keeps its mask in *stored* order, and its affine says
where each voxel is; subjects are always in RAS+ order, and the two meet only in RAS millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from drasclr_core.files import atomic, read_json, write_json
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.readers import read_image
from drasclr_core.imaging.volume import save_mask


@dataclass(frozen=True)
class Atlas:
    """A lung mask with landmarks.

    Attributes
    ----------
    lungs : uint8 [x, y, z]
        Lung labels (above zero) on cubic voxels, in stored order.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    corners : int64 [L, 3]
        Lowest voxel indices of each landmark's patch.
    patch_size : int
        Edge of a patch in voxels.
    scaling : str
        What becomes [-1, 1] (see `box`): ``patches``, the box round all patches, in RAS; or ``corners``, the authors'
        way, corner index / largest index * 2 - 1 along each stored axis, which their checkpoints need.
    """

    lungs: np.ndarray
    affine: np.ndarray
    corners: np.ndarray
    patch_size: int
    scaling: str = "patches"

    def __post_init__(self):
        if self.scaling not in ("patches", "corners"):
            raise ValueError(f"Locations are scaled by 'patches' or by 'corners', not by {self.scaling!r}.")

    @property
    def spacing(self) -> float:
        """Edge of a voxel in mm."""
        return float(np.linalg.norm(self.affine[:3, 0]))

    @property
    def centres(self) -> np.ndarray:
        """float64 [L, 3]: the landmarks, centres of their patches, in RAS mm."""
        return self._millimetres(self.corners + (self.patch_size - 1) / 2)

    @property
    def locations(self) -> np.ndarray:
        """float32 [L, 3]: the landmarks in [-1, 1] (see `scale`); of the authors' atlas with ``corners``: theirs."""
        return self.scale(self.centres)

    @property
    def box(self) -> np.ndarray:
        """float64 [2, 3]: the RAS mm that become -1 and +1 on each axis."""
        if self.scaling == "corners":
            ends = np.stack([np.zeros(3), self.corners.max(axis=0)])
            return self._millimetres(ends + (self.patch_size - 1) / 2)
        ends = np.array(list(product((-0.5, self.patch_size - 0.5), repeat=3)))
        corners = self._millimetres((self.corners[:, None] + ends).reshape(-1, 3))
        return np.array([corners.min(axis=0), corners.max(axis=0)])

    def scale(self, points_mm: np.ndarray) -> np.ndarray:
        """Returns atlas points [N, 3], RAS mm, as locations, float32 [N, 3]: the `box` becomes [-1, 1] per axis.

        Locations are what the encoder is told. By patches, axes are as in RAS, whatever the stored order.

        Raises
        ------
        ValueError
            A point lies outside the box, where the encoder has seen nothing.
        """
        low, high = self.box
        scaled = 2 * (np.asarray(points_mm, dtype=float) - low) / (high - low) - 1
        outside = (np.abs(scaled) > 1 + 1e-6).any(axis=-1)
        if outside.any():
            raise ValueError(
                f"{outside.sum()} of {outside.size} points lie outside the box of the atlas's patches, "
                f"{low.round(1).tolist()} to {high.round(1).tolist()} mm; the first is "
                f"{np.asarray(points_mm)[outside][0].round(1).tolist()}. Give RAS mm in the atlas, within that box."
            )
        return np.clip(scaled, -1, 1).astype(np.float32)

    def neighbors(self, count: int = 2) -> np.ndarray:
        """Returns the landmarks nearest to each (Eq. 7), int64 [L, count], nearest first.

        On a grid most distances are tied; of equally near landmarks the one with the lower index comes first, on every
        platform, because distances are taken between integer corners.
        """
        if not 0 <= count < len(self.corners):
            raise ValueError(f"{count} neighbours asked of an atlas with {len(self.corners)} landmarks.")
        distance = cdist(self.corners, self.corners, "sqeuclidean")
        np.fill_diagonal(distance, np.inf)
        return np.argsort(distance, axis=1, kind="stable")[:, :count]

    def save(self, folder: str | Path) -> None:
        """Writes ``lungs.nii.gz``, ``landmarks.npy`` (the corners) and ``atlas.json``, the last one last."""
        folder = Path(folder)
        save_mask(folder / "lungs.nii.gz", self.lungs, self.affine)
        with atomic(folder / "landmarks.npy") as temporary:
            np.save(temporary, self.corners)
        about = {"patch_size": self.patch_size, "landmarks": len(self.corners), "scaling": self.scaling}
        write_json(folder / "atlas.json", {**about, "spacing_mm": round(self.spacing, 6)})

    @classmethod
    def load(cls, folder: str | Path) -> Atlas:
        """Reads what `save` wrote; FileNotFoundError where there is no (whole) atlas."""
        folder = Path(folder)
        if not (folder / "atlas.json").exists():
            raise FileNotFoundError(f"No atlas in {folder.name}: run 03_atlas first.")
        lungs, affine, _ = read_image(folder / "lungs.nii.gz")
        about, corners = read_json(folder / "atlas.json"), np.load(folder / "landmarks.npy")
        return cls(lungs.astype(np.uint8), affine, corners, about["patch_size"], about.get("scaling", "patches"))

    def _millimetres(self, voxels: np.ndarray) -> np.ndarray:
        return transform(self.affine, voxels)
