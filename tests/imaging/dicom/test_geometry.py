"""Random series, of any steps, phases, copies, missing slices and directions, are read right or refused."""

import numpy as np
import pytest

from drasclr_core.imaging.affine import LPS_TO_RAS
from drasclr_core.imaging.dicom import read_dicom
from drasclr_core.imaging.volume import VolumeError

from ..scan_files import chest
from ..series_files import write_at

CASES = 40
DIRECTIONS = (
    [1, 0, 0, 0, 1, 0], [-1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1], [0.8, 0.6, 0, -0.6, 0.8, 0],
)  # fmt: skip
TELLING = {
    "AcquisitionNumber": (1, 2, 3), "TemporalPositionIdentifier": (1, 2, 3), "KVP": (80, 100, 140),
    "ConvolutionKernel": ("B30f", "B50f", "B70f"), "AcquisitionTime": ("101500", "101600", "101700"),
}  # fmt: skip


def steps(rng: np.random.Generator, count: int) -> np.ndarray:
    base = rng.choice([0.625, 1, 1.5, 2, 3, 5])
    pattern = rng.integers(5)
    if pattern == 1:
        return np.where(np.arange(count) < rng.integers(2, count), 1, rng.uniform(1.2, 4)) * base
    if pattern == 2:
        return rng.uniform(0.4, 2.5, count) * base
    if pattern == 3:
        return np.linspace(1, rng.uniform(1.1, 2.5), count) * base
    if pattern == 4:
        return np.where(rng.random(count) < 0.2, 2, 1) * base
    return np.full(count, base)


def write_random(folder, rng):
    """Writes a series in which one column tells the phase, another the position; returns the phases' positions."""
    z = np.concatenate([[0], np.cumsum(steps(rng, int(rng.integers(8, 20))))])
    direction = np.array(DIRECTIONS[rng.integers(len(DIRECTIONS))], dtype=float)
    normal, start = np.cross(direction[:3], direction[3:]), rng.uniform(-200, 200, 3)
    phases, tag, shift = int(rng.integers(1, 4)), rng.choice(list(TELLING)), rng.choice([0, 0.3]) * z[1]
    all_positions = []
    for phase in range(phases):
        at = z + phase * shift
        at = np.delete(at, rng.integers(len(at), size=rng.integers(2))) if phase else at
        array = chest((20, 24, len(at)))
        array[0], array[1] = -1000 + 100 * phase, -1000 + 10 * at

        def edit(item, k, at=at, phase=phase):
            item.ImageOrientationPatient = list(direction)
            item.ImagePositionPatient = [round(float(value), 3) for value in start + normal * at[k]]
            item.InstanceNumber = 100 * phase + int(k)
            setattr(item, tag, TELLING[tag][phase])

        write_at(folder, at, array, edit, prefix=str(phase))
        all_positions.append(at)
    files = sorted(folder.iterdir())
    for number in rng.integers(len(files), size=rng.choice([0, 0, 3])):
        (folder / f"copy_{number}.dcm").write_bytes(files[number].read_bytes())
    return all_positions, start, normal


@pytest.mark.parametrize("seed", range(CASES))
def test_random_series(tmp_path, seed):
    rng = np.random.default_rng(seed)
    phases, start, normal = write_random(tmp_path / "s", rng)
    try:
        array, affine, source = read_dicom(tmp_path / "s")
    except VolumeError as error:
        assert max(np.diff(phases[0])) > 10 and ("uneven steps" in str(error) or "missing inside" in str(error))
        return
    mark = np.unique(np.round((array[0] + 1000) / 100))
    assert len(mark) == 1, "phases are mixed"
    at = phases[int(mark[0])]
    lps = LPS_TO_RAS @ affine
    z = (lps[:3, 3] + np.arange(array.shape[2])[:, None] * lps[:3, 2] - start) @ normal
    np.testing.assert_allclose([z[0], z[-1]], [at[0], at[-1]], atol=0.02)
    np.testing.assert_allclose(array[1, 0], -1000 + 10 * z, atol=2 + 10 * max(0.11, 0.1 * np.diff(at).max()))
    assert ("note" in source) == (len(phases) > 1)
