import numpy as np
import pytest
from scipy import ndimage, stats

PATTERNS = ("ground_glass", "crazy_paving", "consolidation")


@pytest.mark.parametrize("extent", [0.1, 0.4, 0.85])
def test_extent(phantom, extent):
    assert phantom(covid_extent=extent).measures["covid"] == pytest.approx(extent, rel=0.12)


def test_patterns_do_not_overlap_and_differ_in_density(phantom):
    made = phantom(covid_extent=0.4)
    assert sum(made.truth[name].astype(int) for name in PATTERNS).max() == 1
    healthy = made.truth["lungs"] > 0
    for name in PATTERNS:
        healthy &= ~made.truth[name]
    levels = [np.median(made.volume.array[mask]) for mask in (healthy, *(made.truth[name] for name in PATTERNS))]
    assert levels == sorted(levels)
    assert -800 < levels[1] < -500 and levels[3] > -150


def test_peripheral_and_low(phantom):
    made = phantom(covid_extent=0.2)
    lungs = made.truth["lungs"] > 0
    sick = sum(made.truth[name] for name in PATTERNS)[lungs] > 0
    depth = ndimage.distance_transform_edt(lungs, sampling=4.0)[lungs]
    z = np.argwhere(lungs)[:, 2]
    assert depth[sick].mean() < 0.75 * depth[~sick].mean()
    assert z[sick].mean() < z[~sick].mean() - 5


def test_crazy_paving_has_lines(phantom):
    """The reticular pattern makes crazy paving rougher than plain ground glass."""
    made = phantom(spacing=2.0, covid_extent=0.4)
    cut = ndimage.find_objects((made.truth["lungs"] > 0).astype(int))[0]
    rough = ndimage.generic_gradient_magnitude(made.volume.array[cut], ndimage.sobel)
    truth = {name: mask[cut] for name, mask in made.truth.items()}
    inner = {name: ndimage.binary_erosion(truth[name]) & ~truth["vessels"] for name in PATTERNS[:2]}
    assert np.median(rough[inner["crazy_paving"]]) > 1.2 * np.median(rough[inner["ground_glass"]])


def test_healthy_lungs_have_no_pneumonia(phantom):
    assert phantom().measures["covid"] == 0


def test_disease_of_one_extent_differs_in_density_with_its_age(phantom):
    """Old disease has denser ground glass and more consolidation; mean density alone must not give the extent away."""
    rows = []
    for index in range(5, 11):
        made = phantom(index=index, covid_extent=0.4)
        hu, lungs = made.volume.array, made.truth["lungs"] > 0
        glass, solid = np.median(hu[made.truth["ground_glass"]]), made.truth["consolidation"][lungs].mean()
        rows.append((glass, solid, hu[lungs].mean(), made.measures["covid"]))
    glass, solid, density, extent = np.array(rows).T
    assert stats.spearmanr(glass, solid).statistic > 0.7
    assert np.ptp(density) > 60
    assert extent == pytest.approx(0.4, rel=0.12)
