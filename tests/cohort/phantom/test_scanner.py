import numpy as np
import pytest

from drasclr_core.cohort.phantom.scanner import Scanner


@pytest.mark.parametrize("spacing", [1.0, 2.0, 4.0])
def test_noise_has_its_strength_and_the_mean_stays(spacing):
    scanner = Scanner(blur=0.8, sharpening=0.4, noise=14.0, offset=0.0)
    scan = scanner.scan(np.full((50, 50, 90), -800, np.float32), spacing, np.random.default_rng(0))
    assert scan[8:-8, 8:-8, 8:14].std() == pytest.approx(14 * 2 / spacing, rel=0.08)
    assert scan.mean() == pytest.approx(-800, abs=1)


def test_kernels_sum_to_one_and_sharp_ones_overshoot():
    soft, sharp = Scanner(1.1, 0.0, 0.0, 0.0), Scanner(0.6, 0.7, 0.0, 0.0)
    step = np.zeros((20, 4, 4), np.float32)
    step[10:] = 100
    scans = [scanner.scan(step, 1.0, np.random.default_rng(0)) for scanner in (soft, sharp)]
    assert soft.kernel(1.0).sum() == pytest.approx(1, abs=1e-5) == sharp.kernel(1.0).sum()
    assert scans[0].max() <= 100 < scans[1].max()


def test_protocols_differ():
    drawn = [Scanner.draw(np.random.default_rng(i)) for i in range(50)]
    assert np.std([scanner.blur for scanner in drawn]) > 0.03
    assert np.corrcoef([s.blur for s in drawn], [s.noise for s in drawn])[0, 1] < -0.3


def test_range():
    hu = np.array([-3000.0, 9000.0], np.float32).reshape(1, 1, 2).repeat(8, 0)
    scan = Scanner(0.6, 0.0, 0.0, 0.0).scan(hu, 4.0, np.random.default_rng(0))
    assert scan.min() >= -1024 and scan.max() <= 3071
