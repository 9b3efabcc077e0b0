"""Calibration: it undoes a known distortion, keeps the order, and does not believe a few boxes."""

import numpy as np
import pytest
from scipy.special import expit

from drasclr_core.detect.detector.calibration import Calibration, calibration_of


def test_a_known_distortion_is_undone():
    rng = np.random.default_rng(0)
    true = rng.normal(size=20000)
    labels = rng.random(20000) < expit(true)  # both labels are about equally frequent
    slope, intercept = calibration_of((true - 0.7) / 3, labels)
    assert slope == pytest.approx(3, rel=0.05) and intercept == pytest.approx(0.7, abs=0.05)


def test_labels_count_alike_however_frequent():
    rng = np.random.default_rng(1)
    ill, healthy = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
    even = calibration_of(np.r_[ill, healthy], np.r_[np.ones(4000, bool), np.zeros(4000, bool)])
    rare = calibration_of(np.r_[ill[:400], healthy], np.r_[np.ones(400, bool), np.zeros(4000, bool)])
    assert rare == pytest.approx(even, abs=0.2)
    assert even == pytest.approx((2, 0), abs=0.1), "of two normals with means 1 and -1 the log odds are 2 x"


def test_few_boxes_told_apart_do_not_make_certain():
    slope, intercept = calibration_of([1.0, 1.1, -1.0, -0.9], [True, True, False, False])
    assert 1 < slope < 4 and abs(intercept) < 0.5


def test_reversed_order_is_not_turned_round():
    assert calibration_of([-2.0, -1.5, 2.0, 1.5] * 10, [True, True, False, False] * 10).slope > 0


@pytest.mark.parametrize("labels", [[], [True], [False, False]])
def test_one_label_changes_nothing(labels):
    assert calibration_of(np.ones(len(labels)), labels) == Calibration(1.0, 0.0)
