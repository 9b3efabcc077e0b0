import numpy as np
import pytest
from scipy import ndimage

TARGETS = [("centrilobular", 0.03), ("centrilobular", 0.15), ("centrilobular", 0.40), ("paraseptal", 0.03),
           ("paraseptal", 0.10), ("panlobular", 0.05), ("panlobular", 0.25), ("gas_trapping", 0.45)]  # fmt: skip


def heights(made, name):
    """Share of each third of the lungs (low, middle, high; equal volumes) that has the disease."""
    lungs = made.truth["lungs"] > 0
    z = np.argwhere(lungs)[:, 2]
    thirds = np.searchsorted(np.quantile(z, (1 / 3, 2 / 3)), z)
    return np.bincount(thirds, made.truth[name][lungs]) / np.bincount(thirds)


@pytest.mark.parametrize(("name", "target"), TARGETS)
def test_realised_fraction_is_near_the_target(phantom, name, target):
    measures = phantom(**{name: target}).measures
    assert measures[name] == pytest.approx(target, rel=0.15)
    others = {"centrilobular", "paraseptal", "panlobular", "gas_trapping", "covid"} - {name}
    assert all(measures[other] == 0 for other in others)


def test_disease_lies_in_the_lungs(phantom):
    made = phantom(centrilobular=0.15, paraseptal=0.1, panlobular=0.1, gas_trapping=0.45)
    for name in ("centrilobular", "paraseptal", "panlobular", "gas_trapping", "vessels", "fissures"):
        assert made.truth[name].any() and not made.truth[name][made.truth["lungs"] == 0].any(), name


def test_centrilobular_is_higher_in_the_upper_zones(phantom):
    low, _, high = heights(phantom(centrilobular=0.15), "centrilobular")
    assert high > 1.8 * low


def test_panlobular_is_basal(phantom):
    low, _, high = heights(phantom(panlobular=0.25), "panlobular")
    assert low > 5 * high


def test_paraseptal_touches_the_pleura_and_centrilobular_does_not(phantom):
    depth = {}
    for name in ("paraseptal", "centrilobular"):
        made = phantom(spacing=2.0, **{name: 0.06})
        cut = ndimage.find_objects((made.truth["lungs"] > 0).astype(int))[0]
        upper = (*cut[:2], slice((cut[2].start + cut[2].stop) // 2, cut[2].stop))
        inside = ndimage.distance_transform_edt(made.truth["lungs"][upper] > 0, sampling=2.0)
        depth[name] = inside[made.truth[name][upper]]
    assert np.median(depth["paraseptal"]) < 9
    assert np.quantile(depth["paraseptal"], 0.95) < 20
    assert np.median(depth["centrilobular"]) > 14


def test_holes_are_small_when_mild_and_merge_when_severe(phantom):
    def largest(target):
        made = phantom(spacing=2.0, centrilobular=target)
        labels, _ = ndimage.label(
            made.truth["centrilobular"][ndimage.find_objects((made.truth["lungs"] > 0).astype(int))[0]]
        )
        sizes = np.bincount(labels.ravel())[1:] * 8.0
        return np.median(2 * (3 * sizes / (4 * np.pi)) ** (1 / 3)), sizes.max() / sizes.sum()

    diameter, share_of_largest = largest(0.02)
    assert 3 < diameter < 10 and share_of_largest < 0.1
    assert largest(0.40)[1] > 0.3


def test_emphysema_raises_laa950(phantom):
    laa = [phantom(centrilobular=target).measures["laa950"] for target in (0.03, 0.15, 0.40)]
    assert laa[0] < laa[1] < laa[2] and laa[2] > 0.2
