import numpy as np
import pytest

from drasclr_core.cohort.phantom.scan.scanner import KERNELS, THIN_SHARE, Scanner


@pytest.mark.parametrize("spacing", [1.0, 2.0, 4.0])
def test_noise_has_its_strength_and_the_mean_stays(spacing):
    scanner = Scanner("medium", blur=0.8, sharpening=0.4, noise=14.0, offset=0.0)
    scan = scanner.scan(np.full((50, 50, 90), -800, np.float32), spacing, np.random.default_rng(0))
    assert scan[8:-8, 8:-8, 8:14].std() == pytest.approx(14 * 2 / spacing, rel=0.08)
    assert scan.mean() == pytest.approx(-800, abs=1)


def test_kernels_sum_to_one_and_sharp_ones_overshoot():
    soft, sharp = Scanner("soft", 1.1, 0.0, 0.0, 0.0), Scanner("sharp", 0.6, 0.7, 0.0, 0.0)
    step = np.zeros((20, 4, 4), np.float32)
    step[10:] = 100
    scans = [scanner.scan(step, 1.0, np.random.default_rng(0)) for scanner in (soft, sharp)]
    assert soft.samples(1.0).sum() == pytest.approx(1, abs=1e-5) == sharp.samples(1.0).sum()
    assert scans[0].max() <= 100 < scans[1].max()


def test_protocols_differ_as_sites_do():
    drawn = [Scanner.draw(np.random.default_rng(i)) for i in range(400)]
    shares = {kind: np.mean([scanner.kernel == kind for scanner in drawn]) for kind in KERNELS}
    assert shares == pytest.approx({kind: share for kind, (share, *_) in KERNELS.items()}, abs=0.07)
    assert np.mean([scanner.slice_mm > 0 for scanner in drawn]) == pytest.approx(1 - THIN_SHARE, abs=0.05)
    noise = np.array([scanner.noise for scanner in drawn])
    assert np.quantile(noise, 0.1) > 9 and 22 < np.quantile(noise, 0.95) < 34
    assert np.corrcoef([s.blur for s in drawn], noise)[0, 1] < -0.6


def test_large_bodies_are_noisier():
    slim, large = (Scanner.of_kind("soft", np.random.default_rng(0), bmi).noise for bmi in (22, 40))
    assert large > 1.2 * slim


def test_thick_slices_average_along_z_only():
    """A ramp stays a ramp; detail finer than a slice is gone along z and stays in the slice."""
    thick = Scanner("soft", 0.2, 0.0, 0.0, 0.0, slice_mm=8.0)
    ramp = np.broadcast_to(np.arange(80, dtype=np.float32) * 5 - 900, (6, 6, 80)).copy()
    scan = thick.scan(ramp, 2.0, np.random.default_rng(0))
    np.testing.assert_allclose(scan[..., 8:-8], ramp[..., 8:-8], atol=1)
    comb = np.where(np.arange(80) % 2, -800, -900).astype(np.float32)
    along, across = np.broadcast_to(comb, (6, 6, 80)).copy(), np.broadcast_to(comb[:, None, None], (80, 6, 80)).copy()
    assert thick.scan(along, 2.0, np.random.default_rng(0))[..., 8:-8].std() < 2
    assert thick.scan(across, 2.0, np.random.default_rng(0)).std() > 40


def test_range():
    hu = np.array([-3000.0, 9000.0], np.float32).reshape(1, 1, 2).repeat(8, 0)
    scan = Scanner("soft", 0.6, 0.0, 0.0, 0.0).scan(hu, 4.0, np.random.default_rng(0))
    assert scan.min() >= -1024 and scan.max() <= 3071
