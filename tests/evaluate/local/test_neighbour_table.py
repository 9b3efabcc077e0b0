"""Ratios are 1 for neighbours by chance, small for neighbours that share the disease, and count subjects."""

import numpy as np
import pytest

from drasclr_core.evaluate.local import neighbour_table

S, L = 40, 5


@pytest.fixture
def patches():
    rng = np.random.default_rng(3)
    shares = rng.exponential(10, (S, L))
    known = np.ones((S, L), bool)
    known[2, 1] = False
    shares[2, 1] = np.nan
    angle = np.nan_to_num(shares) / 60
    sources = {
        "knows": np.stack([np.cos(angle), np.sin(angle)], axis=-1),
        "random": rng.normal(size=(S, L, 4)),
    }
    return sources, shares, known


def test_who_knows_is_near_and_who_does_not_is_at_chance(patches):
    table = neighbour_table(*patches, count=3, asked=60, draws=200).set_index(["method", "centred", "where"])
    knows, chance = table.loc[("knows", False)], table.loc[("random", False)]
    ceiling = table.loc[("truth", False, "landmark"), "ratio"]
    assert ceiling <= knows.loc["landmark", "ratio"] + 1e-6 and knows.loc["landmark", "ratio"] < 0.35
    assert knows.loc["anywhere", "ratio"] < 0.35
    assert 0.8 < chance.loc["landmark", "ratio"] < 1.2
    assert (table["low"] <= table["ratio"] + 1e-9).all() and (table["ratio"] <= table["high"] + 1e-9).all()


def test_the_ratio_is_the_mean_difference_over_that_at_random(patches):
    sources, shares, known = patches
    row = neighbour_table({"random": sources["random"]}, shares, known, count=1, asked=1, draws=50).iloc[0]
    apart = []
    for landmark in range(L):
        own = shares[known[:, landmark], landmark]
        apart += [np.abs(own[i] - np.delete(own, i)).mean() for i in range(len(own))]
    assert row["at_random"] == pytest.approx(np.mean(apart))
    assert row["ratio"] == pytest.approx(row["difference"] / row["at_random"])


def test_all_others_as_neighbours_are_chance(patches):
    table = neighbour_table(*patches, count=S, asked=1, draws=20)
    np.testing.assert_allclose(table.loc[table["where"] == "landmark", "ratio"], 1, rtol=1e-6)
