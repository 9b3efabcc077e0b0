"""The scale of disease: holes are as large as they were drawn, clusters reach as far, and both are kept."""

import numpy as np
import pytest
from scipy import ndimage

from drasclr_core.represent.hand_made.disease_scale import cluster_size, hole_size

MIDDLE = np.linalg.norm(np.indices((40, 40, 40)).transpose(1, 2, 3, 0) - 20, axis=-1) * 2  # mm, voxels of 2 mm


@pytest.mark.parametrize("radius", [5, 8, 12])
def test_a_ball_is_as_large_as_its_diameter(radius):
    assert hole_size(radius >= MIDDLE, 2.0) == pytest.approx(2 * radius, rel=0.3)


def test_larger_holes_are_larger_whatever_their_number():
    small, many = np.zeros((40, 40, 40), bool), np.zeros((40, 40, 40), bool)
    ball = MIDDLE <= 4
    small[:] = ball
    for shift in (-12, 0, 12):
        many |= np.roll(ball, shift, axis=0)
    assert hole_size(many, 2.0) == pytest.approx(hole_size(small, 2.0), rel=1e-6)
    assert hole_size(MIDDLE <= 10, 2.0) > 1.8 * hole_size(small, 2.0)


def test_clusters_reach_as_far_as_the_field():
    random = np.random.default_rng(0)
    sizes = []
    for sd in (4, 8, 16):  # mm
        field = ndimage.gaussian_filter(random.normal(size=(72, 72, 72)), sd / 2)
        sizes.append(cluster_size(field > np.quantile(field, 0.9), np.ones(field.shape, bool), 2.0))
    assert sizes == sorted(sizes) and sizes[2] > 1.7 * sizes[0]


def test_only_the_lungs_count():
    random = np.random.default_rng(1)
    field = ndimage.gaussian_filter(random.normal(size=(64, 64, 64)), 4)
    ill, lungs = field > np.quantile(field, 0.9), np.zeros(field.shape, bool)
    lungs[8:56] = True
    beside = ill.copy()
    beside[:4] = True  # what lies outside changes nothing
    assert cluster_size(beside, lungs, 2.0) == cluster_size(ill, lungs, 2.0)
