"""Hand-made features: histograms equal their definition, the divergence that of Gaussians, disease can be told."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.represent.hand_made.divergence import divergence_features, kl_divergence
from drasclr_core.represent.hand_made.kmeans import kmeans_features
from drasclr_core.represent.hand_made.regions import DIRECTIONS, describe_regions, region_cubes, region_descriptors

RNG = np.random.default_rng


def test_directions_are_those_of_an_icosahedron():
    assert np.allclose(np.linalg.norm(DIRECTIONS, axis=1), 1) and len(np.unique(DIRECTIONS, axis=0)) == 12
    assert np.allclose(np.sort(pdist(DIRECTIONS))[:30], pdist(DIRECTIONS).min())  # 30 edges, all equally long


def test_a_flat_region_has_one_bin_and_no_direction():
    descriptor = describe_regions(np.full((1, 4, 4, 4), -850))[0]
    expected = np.zeros(44)
    expected[int((-850 + 1024) / 624 * 32)] = 1
    assert np.array_equal(descriptor, expected)


def test_histograms_equal_their_definition():
    patch = RNG(0).integers(-1100, 400, (1, 5, 5, 5))
    descriptor = describe_regions(patch)[0]
    counts = np.histogram(np.clip(patch, -1024, -400), 32, (-1024, -400))[0] / 125
    assert np.allclose(descriptor[:32] ** 2, counts, atol=1e-6)
    shares = np.zeros(12)
    for vector in np.stack(np.gradient(patch[0].astype(float)), -1).reshape(-1, 3):
        shares[np.argmax(DIRECTIONS @ vector)] += np.linalg.norm(vector)
    assert np.allclose(descriptor[32:] ** 2, shares / shares.sum(), atol=1e-6)


def test_a_slope_counts_along_its_direction():
    axis = 7
    places = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1)
    descriptor = describe_regions((places @ DIRECTIONS[axis] * 20 - 800)[None])[0, 32:]
    assert descriptor.argmax() == axis and descriptor[axis] == pytest.approx(1)


def test_divergence_of_gaussians():
    """Against the closed form: 0.5 (s - 1 - log s) d + shift^2 / 2 for N(shift, s) against N(0, 1) along each axis."""
    random = RNG(1)
    p, q = 0.8 * random.standard_normal((6000, 2)) + 0.5, random.standard_normal((5000, 2))
    truth = 2 * (0.5 * (0.64 - 1 - np.log(0.64)) + 0.5**2 / 2)
    assert kl_divergence(p, q) == pytest.approx(truth, abs=0.06)
    assert kl_divergence(q[:2500], q[2500:]) == pytest.approx(0, abs=0.06)


def test_copies_and_too_few_regions():
    same = np.zeros((20, 3))
    assert np.isfinite(kl_divergence(same, same))
    with pytest.raises(ValueError, match="5 regions are too few"):
        kl_divergence(same[:5], same)
    with pytest.raises(ValueError, match="4 regions are too few"):
        kl_divergence(same, same[:4])


@pytest.fixture(scope="module")
def regions():
    """Twelve subjects of 60 regions; the second half has a growing share of dark, holey ones."""
    random, patches = RNG(2), []
    for subject in range(12):
        ill = random.random(60) < max(0, subject - 5) / 8
        level = np.where(ill, -960, -860)[:, None, None, None]
        patches.append(describe_regions(random.normal(level, 40, (60, 6, 6, 6)))[: 60 - subject])
    return patches


SIDS = [f"S{index}" for index in range(12)]
ILLNESS = np.maximum(0, np.arange(12) - 5)


def test_both_methods_find_the_disease(regions):
    words, _ = kmeans_features(regions, SIDS, clusters=4)
    far = divergence_features(regions, SIDS, components=3, workers=1)
    for table in (words, far):
        assert list(table["sid"]) == SIDS
        related = table.drop(columns="sid").corrwith(pd.Series(ILLNESS)).abs().max()
        assert related > 0.85


def test_shares_of_clusters_sum_to_one(regions):
    table, words = kmeans_features(regions, SIDS, clusters=5)
    assert [len(own) for own in words] == [len(own) for own in regions] and np.allclose(
        table.drop(columns="sid").sum(axis=1), 1
    )
    again, _ = kmeans_features(regions, SIDS, clusters=5)
    assert table.equals(again)
    few, _ = kmeans_features(np.zeros((3, 4, 44)), SIDS[:3])
    assert list(few.columns) == ["sid", "k000"]
    with pytest.raises(ValueError, match="S1 has no region inside the lung"):
        kmeans_features([regions[0], regions[0][:0]], SIDS[:2])


def test_few_references_give_few_features(regions):
    table = divergence_features(regions, SIDS, components=3, references=4, workers=1)
    assert table.equals(divergence_features(regions, SIDS, components=3, references=4, workers=2))
    assert table.shape == (12, 5) and np.isfinite(table.drop(columns="sid").to_numpy()).all()


def test_cubes_of_the_lung():
    patches = np.full((1, 8, 8, 8), -800)
    patches[0, :4, 4:, :4] = np.arange(64).reshape(4, 4, 4) * 10 - 800  # 40 of its 64 voxels are lung
    patches[0, 4:, 4:, 4:] = 50
    cubes = region_cubes(np.pad(patches, ((0, 0), (0, 3), (0, 0), (0, 1))), 4)
    assert cubes.shape == (6, 4, 4, 4) and (cubes == -800).all()


def test_regions_of_a_store(tmp_path):
    patches = RNG(3).integers(-1000, -500, (2, 3, 8, 8, 8)).astype(np.int16)
    store = PatchStore.create(tmp_path / "patches.zarr", ["A", "B"], 3, 8, 2.0)
    for sid, own in zip("AB", patches, strict=True):
        store.write(sid, own)
    found = region_descriptors(store.path, 4, 2, workers=1)
    assert [own.shape for own in found] == [(24, 44)] * 2
    assert np.array_equal(found[1][8:16], describe_regions(region_cubes(patches[1, 1:2, 2:6, 2:6, 2:6], 2)))
