"""Affine alignment of a subject's lungs with the atlas's (Eq. 1), from lung mask to lung mask.

The only place where coordinate conventions meet: masks come in with RAS affines (NIfTI), antsRegistration works in LPS
(DICOM, ITK). Outside this module everything is RAS mm. What is stored maps atlas points to subject points, the way
in which landmarks travel.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from scipy.linalg import sqrtm
from scipy.optimize import least_squares

from drasclr_core.anatomy.atlas.solid import Solid
from drasclr_core.files import read_json, write_json
from drasclr_core.imaging.affine import LPS_TO_RAS, affine_matrix, transform
from drasclr_core.imaging.volume import load_mask

BLURS = (12.0, 6.0)
"""Standard deviations in mm of the two rounds of the fast fit, coarse then fine. With 3 mm in the second round, pairs
of real lungs, which no affine makes equal, had more than one minimum."""
POINTS = 40_000
"""Points of the atlas's grid, near either lungs' surface, that the fast fit compares. With this many, the landmarks of
two seeds lie 0.5 mm apart on real lungs and less than 0.1 mm on lungs that an affine makes equal."""
GOOD_DICE = 0.85
"""Overlap above which a start is accepted without trying the others; most pairs of real lungs reach 0.85 to 0.91."""
UNIT = 100.0
"""Length in mm by which atlas coordinates are divided, so that all twelve parameters have similar effects."""


@dataclass(frozen=True)
class AtlasAffine:
    """The affine T_i of one subject (Eq. 1), both ways; a variable of this kind is called ``to_atlas``.

    Attributes
    ----------
    matrix : float64 [4, 4]
        The inverse of T_i: atlas RAS mm to subject RAS mm.
    """

    matrix: np.ndarray

    def to_subject(self, points: np.ndarray) -> np.ndarray:
        """Returns atlas points [N, 3] (RAS mm) in the subject: T_i^-1 (Eq. 2)."""
        return transform(self.matrix, points)

    def to_atlas(self, points: np.ndarray) -> np.ndarray:
        """Returns subject points [N, 3] (RAS mm) in the atlas: T_i."""
        return transform(np.linalg.inv(self.matrix), points)

    def save(self, path: str | Path) -> None:
        """Writes JSON."""
        write_json(path, {"matrix": self.matrix, "maps": "atlas RAS mm to subject RAS mm"})

    @classmethod
    def load(cls, path: str | Path) -> AtlasAffine:
        """Reads what `save` wrote."""
        return cls(np.array(read_json(path)["matrix"]))


def register_affine(lungs_path: str | Path, atlas_path: str | Path, mode: str = "fast", seed: int = 0) -> AtlasAffine:
    """Aligns the atlas's lungs with a subject's (Eq. 1).

    Parameters
    ----------
    lungs_path, atlas_path : path
        Lung masks, NIfTI; any orientation and voxel size.
    mode : {"fast", "authors"}
        ``fast``: least squares between the masks as solids, left and right alike, started from their moments.
        ``authors``: antsRegistration on the labelled masks with the flags of the authors' scripts.
    seed : int
        For the points (fast) or the sampling jitter (authors).

    Raises
    ------
    ValueError
        Unknown mode, or an empty mask.
    RuntimeError
        antsRegistration failed.
    """
    if mode == "authors":
        return _register_authors(lungs_path, atlas_path, seed)
    if mode == "fast":
        return align_solids(Solid.read(atlas_path), Solid.read(lungs_path), seed)[0]
    raise ValueError(f"mode is {mode!r}; it must be one of fast, authors.")


def align_solids(atlas: Solid, subject: Solid, seed: int = 0) -> tuple[AtlasAffine, list[float]]:
    """Aligns masks already read, in the fast mode.

    Returns
    -------
    AtlasAffine
        Of the first start whose fit overlaps well; if none does, of the best (quality control then says so).
    list of float
        The overlap (Dice) that each start reached, in the order in which they were tried.
    """
    overlaps, best = [], None
    for start in _starts(atlas, subject):
        matrix = _fit(atlas, subject, start, seed)
        overlap = subject.warped(matrix, atlas).dice(atlas)
        if overlap > max(overlaps, default=-1.0):
            best = matrix
        overlaps.append(overlap)
        if overlap > GOOD_DICE:
            break
    return AtlasAffine(best), overlaps


def _starts(atlas: Solid, subject: Solid) -> list[np.ndarray]:
    """Returns three guesses [4, 4], each with the centres of mass on each other, the most likely first."""
    (atlas_centre, atlas_spread), (subject_centre, subject_spread) = atlas.moments(), subject.moments()
    root = np.real(sqrtm(atlas_spread))
    inverse = np.linalg.inv(root)
    # The only symmetric matrix that turns one covariance into the other: size and shear, but no rotation.
    shape = inverse @ np.real(sqrtm(root @ subject_spread @ root)) @ inverse
    sizes = np.diag(np.sqrt(np.diag(subject_spread) / np.diag(atlas_spread)))
    return [affine_matrix(linear, subject_centre - linear @ atlas_centre) for linear in (shape, sizes, np.eye(3))]


def _fit(atlas: Solid, subject: Solid, start: np.ndarray, seed: int) -> np.ndarray:
    """Fits the twelve numbers of the affine by least squares (Levenberg-Marquardt), coarse to fine.

    In each round the subject is first warped by what is known so far and then blurred like the atlas: blurred where it
    lies, it would be blurred along other lengths than the atlas, which biases the fit by 0.2 mm.
    """
    matrix, origin = start, atlas.moments()[0]
    for blur in BLURS:
        fixed, moving = atlas.blurred(blur), subject.warped(matrix, atlas).blurred(blur)
        slopes = moving.gradient()
        # Near either surface: with the atlas's alone, lung of the subject that lies far from it would not count.
        near_surface = np.any([(lungs.share > 0.02) & (lungs.share < 0.98) for lungs in (fixed, moving)], axis=0)
        chosen = np.random.default_rng(seed).permutation(np.argwhere(near_surface))[:POINTS]
        target = fixed.share[tuple(chosen.T)]
        terms = np.column_stack([(transform(fixed.affine, chosen) - origin) / UNIT, np.ones(len(chosen))])

        def difference(rows, moving=moving, terms=terms, target=target):
            return moving.at(terms @ rows.reshape(3, 4).T) - target

        def derivative(rows, slopes=slopes, terms=terms):
            points = terms @ rows.reshape(3, 4).T
            return np.concatenate([slope.at(points)[:, None] * terms for slope in slopes], axis=1)

        # Row i gives coordinate i from the terms (atlas point - origin) / UNIT and 1.
        rows = np.column_stack([np.eye(3) * UNIT, origin]).ravel()
        rows = least_squares(difference, rows, derivative, method="lm", xtol=1e-6, ftol=1e-7).x.reshape(3, 4)
        linear = rows[:, :3] / UNIT
        matrix = matrix @ affine_matrix(linear, rows[:, 3] - linear @ origin)
    return matrix


def _register_authors(lungs_path: str | Path, atlas_path: str | Path, seed: int) -> AtlasAffine:
    """antsRegistration in this process with the authors' flags (7 minutes a scan at 1 mm, by their README).

    Their scripts register the mask with its labels (background, right, left), so ours does; the values do not matter to
    mutual information. The transform that ANTs writes maps fixed (atlas) to moving (subject) points in LPS mm.
    """
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"  # read when ANTs starts; more threads gain nothing
    from ants.internal import get_lib_fn

    with tempfile.TemporaryDirectory() as folder:
        fixed, moving, output = (f"{folder}/{name}" for name in ("atlas.nii.gz", "lungs.nii.gz", "to_atlas_"))
        for source, path in ((atlas_path, fixed), (lungs_path, moving)):
            mask, affine = load_mask(source)
            nib.save(nib.Nifti1Image(mask, affine), path)
        flags = ["-d", "3", "-o", output, "-r", f"[{fixed},{moving},1]", "-t", "Affine[0.01]"]
        flags += ["-m", f"MI[{fixed},{moving},1,32,Regular,0.5]", "-c", "[500x250x100]", "-s", "2x1x0", "-f", "4x2x1"]
        if get_lib_fn("antsRegistration")([*flags, "--random-seed", str(seed + 1)]) != 0:  # 0 would mean the clock
            raise RuntimeError(f"antsRegistration failed on {Path(lungs_path).name}: check that both masks hold lungs.")
        found = sitk.AffineTransform(sitk.ReadTransform(f"{output}0GenericAffine.mat"))
    linear, centre = np.reshape(found.GetMatrix(), (3, 3)), np.array(found.GetCenter())
    lps = affine_matrix(linear, centre + found.GetTranslation() - linear @ centre)
    return AtlasAffine(LPS_TO_RAS @ lps @ LPS_TO_RAS)
