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

from drasclr_core.anatomy.atlas.landmarks import landmark_grid
from drasclr_core.imaging.affine import transform
from drasclr_core.imaging.volume import load_mask, save_mask
from drasclr_core.run import atomic, read_json, write_json


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
        """Atlas points as locations, what the encoder is told: the `box` becomes [-1, 1] per axis.

        Parameters
        ----------
        points_mm : [N, 3]
            RAS mm in the atlas.

        Returns
        -------
        float32 [N, 3]
            By patches, axes are as in RAS, whatever the stored order.

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
        """int64 [L, count]: the landmarks nearest to each (Eq. 7), nearest first.

        On a grid most distances are tied; of equally near landmarks the one with the lower index comes first, on every
        platform, because distances are taken between integer corners.
        """
        if not 0 <= count < len(self.corners):
            raise ValueError(f"{count} neighbours asked of an atlas with {len(self.corners)} landmarks.")
        distance = cdist(self.corners, self.corners, "sqeuclidean")
        np.fill_diagonal(distance, np.inf)
        return np.argsort(distance, axis=1, kind="stable")[:, :count]

    def save(self, folder: str | Path) -> None:
        """Write ``lungs.nii.gz``, ``landmarks.npy`` (the corners) and ``atlas.json``, the last one last."""
        folder = Path(folder)
        save_mask(folder / "lungs.nii.gz", self.lungs, self.affine)
        with atomic(folder / "landmarks.npy") as temporary:
            np.save(temporary, self.corners)
        write_json(
            folder / "atlas.json",
            {
                "patch_size": self.patch_size,
                "spacing_mm": round(self.spacing, 6),
                "landmarks": len(self.corners),
                "scaling": self.scaling,
            },
        )

    @classmethod
    def load(cls, folder: str | Path) -> Atlas:
        """Read what `save` wrote; FileNotFoundError where there is no (whole) atlas."""
        folder = Path(folder)
        if not (folder / "atlas.json").exists():
            raise FileNotFoundError(f"No atlas in {folder.name}: run 03_atlas first.")
        lungs, affine = read_stored(folder / "lungs.nii.gz")
        about = read_json(folder / "atlas.json")
        corners, scaling = np.load(folder / "landmarks.npy"), about.get("scaling", "patches")
        return cls(lungs, affine, corners, about["patch_size"], scaling)

    def _millimetres(self, voxels: np.ndarray) -> np.ndarray:
        return transform(self.affine, voxels)


def read_stored(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """A mask in the order in which its voxels are stored: uint8 [x, y, z], and its affine [4, 4] to RAS mm.

    Subjects' masks come through `volume.load_mask`, which turns them to RAS+; a given atlas must not be turned, or the
    grid would start at another corner. Raises `VolumeError` for a file that cannot be read or is no mask.
    """
    return load_mask(path, turn=False)


def build_atlas(
    mask: np.ndarray,
    affine: np.ndarray,
    patch_mm: float = 32.0,
    step_mm: float = 26.0,
    coverage: float = 0.1,
    scaling: str = "patches",
    corners: np.ndarray | None = None,
) -> Atlas:
    """An atlas from any lung mask on cubic voxels; sizes in mm are rounded to whole voxels.

    Parameters
    ----------
    mask : [x, y, z]
        In stored order (see `read_stored`); lungs are above zero.
    affine : float64 [4, 4]
        From voxel indices to RAS mm.
    patch_mm, step_mm, coverage
        As in `landmark_grid`.
    scaling : str
        See `Atlas`.
    corners : int [L, 3], optional
        Landmarks to use instead of a grid, such as the authors' file (see `landmarks.read_corners`).

    Raises
    ------
    ValueError
        The voxels are not cubes, the sizes are below a voxel, too few patches lie in the lungs, or given landmarks lie
        outside the mask's voxels.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if np.ptp(spacing) > 0.01 * spacing.mean():
        raise ValueError(
            f"An atlas needs cubic voxels, not {spacing.round(3).tolist()} mm: resample its mask (the paper's is 1 mm)."
        )
    patch_size, step = (round(length / spacing.mean()) for length in (patch_mm, step_mm))
    if patch_size < 1 or step < 1:
        raise ValueError(f"patch_mm={patch_mm:g} and step_mm={step_mm:g} are below a voxel of {spacing[0]:g} mm.")
    if corners is not None:
        outside = ((corners < 0) | (corners >= mask.shape)).any(axis=1)
        if outside.any():
            raise ValueError(
                f"{outside.sum()} of {len(corners)} given landmarks lie outside the mask of {mask.shape} voxels: "
                "give the mask on which they were made, in its stored order."
            )
        return Atlas(np.asarray(mask, np.uint8), np.asarray(affine, float), corners, patch_size, scaling)
    corners = landmark_grid(mask, patch_size, step, coverage)
    if len(corners) < 2:
        raise ValueError(
            f"Only {len(corners)} patches of {patch_mm:g} mm lie in the lungs by more than {coverage:.0%}: "
            "check the mask, or take smaller patches and steps."
        )
    return Atlas(np.asarray(mask, dtype=np.uint8), np.asarray(affine, dtype=float), corners, patch_size, scaling)


def covered(atlas: Atlas) -> float:
    """Fraction of the lungs' voxels that lie in at least one patch."""
    seen = np.zeros(atlas.lungs.shape, dtype=bool)
    for corner in atlas.corners:
        seen[tuple(slice(low, low + atlas.patch_size) for low in corner)] = True
    return float(seen[atlas.lungs > 0].mean())
