"""Two lungs in a chest of one's own size and place: their outline, depth below the pleura, lobes and fissures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from drasclr_core.cohort.phantom.anatomy import body
from drasclr_core.cohort.phantom.grid import FIELD_MM, Frame, random_stream, smooth_max, smooth_noise
from drasclr_core.cohort.phantom.subject.traits import Traits
from drasclr_core.imaging.affine import affine_matrix, transform

# How lungs differ in size and pose: 50 inspiratory affines to one COPDGene subject (Chest Imaging Platform,
# copdgene_affines/affines.csv), each split as rotation x scale x shear. Scales are logarithms along x, y, z with the
# volume taken out, because the volume is a trait of its own; shears are xy, xz, yz; angles are about x, y, z.
LOG_SCALE_SD = np.array([0.077, 0.106, 0.130])
LOG_SCALE_CORRELATION = np.array([[1, 0.57, 0.26], [0.57, 1, 0.26], [0.26, 0.26, 1]])
SHEAR_SD = np.array([0.032, 0.039, 0.078])
ANGLE_SD = np.array([6.5, 2.8, 3.5])  # degrees
PLACE_SD = np.array([9.0, 14.0, 22.0])  # mm; where the chest lies in the scanner's coordinates

LOBES = ("right upper", "right middle", "right lower", "left upper", "left lower")


@dataclass(frozen=True)
class Chest:
    """The geometry of one subject on the fixed grid; distance-like fields are negative inside, in mm.

    Attributes
    ----------
    frame, lung_frame : Frame
        The field of view, and the box round the lungs that `lungs`, `depth`, `lobes` and the fissures are given in.
    matrix : float [4, 4]
        From canonical mm (see `body`) to RAS mm.
    cage, skin, organ, below : float32 fields of `frame`
        Rib cage, body without fat, heart and vessels, and (positive) what is under the diaphragm.
    lungs, depth : float32 fields of `lung_frame`
        Signed distance to the lung surface, and depth below it (0 outside).
    lobes : uint8 field of `lung_frame`
        0 outside, 1 to 5 in the order of `LOBES`.
    oblique, horizontal : float32 fields of `lung_frame`
        Signed distance to the fissures; `horizontal` counts only in the right lung above `oblique`.
    """

    frame: Frame
    lung_frame: Frame
    matrix: np.ndarray
    build: body.Build
    cage: np.ndarray
    skin: np.ndarray
    organ: np.ndarray
    below: np.ndarray
    lungs: np.ndarray
    depth: np.ndarray
    lobes: np.ndarray
    oblique: np.ndarray
    horizontal: np.ndarray

    def to_world(self, points) -> np.ndarray:
        """Returns canonical mm [..., 3] as RAS mm."""
        return transform(self.matrix, points)

    def canonical(self, x, y, z) -> list[np.ndarray]:
        """Returns RAS mm coordinates (arrays that broadcast) as canonical mm, float32."""
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        return [row[0] * x + row[1] * y + row[2] * z + row[3] for row in inverse[:3]]


def draw_shape(rng: np.random.Generator) -> np.ndarray:
    """Returns a random linear map [3, 3] with determinant 1: rotation x scale x shear, as real lungs differ."""
    covariance = LOG_SCALE_CORRELATION * np.outer(LOG_SCALE_SD, LOG_SCALE_SD)
    scale = np.linalg.cholesky(covariance) @ rng.standard_normal(3).clip(-2, 2)
    shear = np.eye(3)
    shear[[0, 0, 1], [1, 2, 2]] = SHEAR_SD * rng.standard_normal(3).clip(-2, 2)
    turn = Rotation.from_euler("xyz", ANGLE_SD * rng.standard_normal(3).clip(-1.8, 1.8), degrees=True).as_matrix()
    return turn @ np.diag(np.exp(scale - scale.mean())) @ shear


def make_chest(traits: Traits, index: int, seed: int) -> Chest:
    """Returns the chest of subject `index`: lungs of ``lung_volume_l breath`` litres in a body of ``traits.bmi``."""
    rng = random_stream(seed, index, 0)
    build, shape = body.Build.draw(rng, traits.bmi), draw_shape(rng)
    place, off_centre = PLACE_SD * rng.standard_normal(3), rng.uniform(-6, 6, 3)
    growth = (traits.lung_volume_l * traits.breath / _canonical_litres(build)) ** (1 / 3)
    matrix = affine_matrix(growth * shape, place - growth * shape @ (0, 0, 130))
    frame = _field_of_view(matrix, build, place + off_centre)
    inverse = np.linalg.inv(matrix).astype(np.float32)
    axes = np.ix_(*frame.axes())
    x, y, z = (sum(r * a for r, a in zip(row, axes, strict=False)) + row[3] for row in inverse[:3])
    cage, organ, below, lungs = _lung_fields(x, y, z, build)
    lungs = _as_distance(lungs)
    inside = [np.flatnonzero((lungs < 0).any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    low = np.array(frame.origin) + [(i[0] - 1) * FIELD_MM for i in inside]
    high = np.array(frame.origin) + [(i[-1] + 2) * FIELD_MM for i in inside]
    lung_frame = frame.crop(low + 0.1, high - 0.1)
    lungs_cut, x_cut, y_cut, z_cut = (frame.cut(field, lung_frame) for field in (lungs, x, y, z))
    depth = _depth(lungs_cut)
    oblique, horizontal = _fissures(x_cut, y_cut, z_cut, rng)
    return Chest(
        frame,
        lung_frame,
        matrix,
        build,
        _as_distance(cage),
        body.skin(x, y, z),
        organ,
        below,
        lungs_cut,
        depth,
        _lobes(lungs_cut, x_cut, oblique, horizontal),
        oblique,
        horizontal,
    )


def _lung_fields(x, y, z, build: body.Build) -> tuple[np.ndarray, ...]:
    cage, organ, below = body.cage(x, y, z), body.organs(x, y, z, build), body.diaphragm(x, y, z, build)
    walls = smooth_max(cage + 2, below, 5)
    return cage, organ, below, smooth_max(walls, -body.mediastinum(x, y, z, build, organ), 9)


def _canonical_litres(build: body.Build, step: float = 8.0) -> float:
    axes = (np.arange(a, b, step, dtype=np.float32) for a, b in ((-156, 156), (-116, 116), (-12, 276)))
    x, y, z = np.meshgrid(*axes, indexing="ij")
    lungs = _lung_fields(x, y, z, build)[3]
    return float((0.5 - lungs / step).clip(0, 1).sum() * step**3 / 1e6)


def _field_of_view(matrix: np.ndarray, build: body.Build, centre: np.ndarray) -> Frame:
    """A box round the body with a margin of about two centimetres, from below the lungs to the lower neck."""
    low = np.array([-182 - build.fat, body.SKIN_BACK - build.fat - 10, -26])
    high = np.array([182 + build.fat, 122 + build.fat, 286])
    middle = centre + matrix[:3, :3] @ ((low + high) / 2 - (0, 0, 130))
    size = np.linalg.norm(matrix[:3, :3], axis=0) * (high - low) + (12, 30, 4)
    cells = np.ceil(size / FIELD_MM).astype(int)
    return Frame(tuple(float(m) for m in middle - cells * FIELD_MM / 2), tuple(int(n) for n in cells))


def _as_distance(field: np.ndarray) -> np.ndarray:
    """Divide a distance-like field by its slope, so that near its zero it is a distance in mm."""
    slope = np.sqrt(sum(g * g for g in np.gradient(field, FIELD_MM)))
    return field / slope.clip(0.6, 3)


def _depth(lungs: np.ndarray) -> np.ndarray:
    """Depth below the lung surface in mm: grid distance, refined by the signed distance near the surface."""
    depth = ndimage.distance_transform_edt(np.pad(lungs < 0, 1), sampling=FIELD_MM)[1:-1, 1:-1, 1:-1].astype(np.float32)
    depth -= FIELD_MM / 2
    return np.where(lungs < 0, np.where(depth < 3 * FIELD_MM, (depth + np.minimum(-lungs, 16)) / 2, depth), 0)


def _fissures(x, y, z, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Oblique (negative in the lower lobe) and horizontal (negative in the middle lobe) fissures, slightly wavy.

    Their places give the lobes the shares that they have in people lying down (Yamada et al., Respiration 2020).
    """
    wave = smooth_noise(rng, x.shape, 7)
    high = 6 * rng.standard_normal(3)
    arch = ((np.abs(x) - 70) / 60) ** 2
    oblique = (
        0.70 * (y + 85)
        + 0.71 * (z - np.where(x > 0, *(np.float32((221, 207)) + high[:2]).astype(np.float32)) + 9 * arch)
        + 3 * wave
    )
    horizontal = z - 136 - np.float32(high[2]) + 0.12 * (y - 50) + 5 * arch + 3 * wave
    return oblique.astype(np.float32), horizontal.astype(np.float32)


def _lobes(lungs, x, oblique, horizontal) -> np.ndarray:
    right = np.where(oblique < 0, 3, np.where(horizontal < 0, 2, 1))
    left = np.where(oblique < 0, 5, 4)
    return np.where(lungs < 0, np.where(x > 0, right, left), 0).astype(np.uint8)
