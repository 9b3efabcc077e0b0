"""Contrast by partition and by region, against loops written from the paper's equations and the authors' numbers."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.pretrain.partitions import (
    found_first,
    global_loss,
    partners,
    slabs,
    strategy_negatives,
)

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "domainclr.json").read_text())
T = 0.1


def embeddings(count, seed=0):
    return F.normalize(torch.from_numpy(np.random.default_rng(seed).normal(size=(48, 6))[:count]), dim=1)


def by_loops(strategy, embedded, partitions, partner=None):
    """The mean over positive pairs, each in both directions, of the paper's Eq. 1, sample by sample."""
    forms, batch = embedded.shape[:2]
    names = [(form, sample) for form in range(forms) for sample in range(batch)]

    def loss(a, b):
        def s(one, other):
            return math.exp(float(embedded[one] @ embedded[other]) / T)

        if strategy == "R":
            negatives = [n for n in names if n[1] != a[1]]
        else:
            negatives = [n for n in names if partitions[n[1]] != partitions[a[1]]]
        return -math.log(s(a, b) / (s(a, b) + sum(s(a, n) for n in negatives)))

    own = [loss(a, b) for a in names for b in names if a[1] == b[1] and a[0] != b[0]]
    if partner is None:
        return np.mean(own)
    pairs = [((form, sample), (form, partner[sample])) for form in range(forms) for sample in range(batch)
             if partner[sample] >= 0]  # fmt: skip
    across = [loss(*pair) for pair in pairs] + [loss(b, a) for a, b in pairs]
    return (np.mean(own) + np.mean(across)) / 2 if across else np.mean(own)


@pytest.mark.parametrize("strategy, forms", [("R", 2), ("D-", 3), ("D", 2)])
@given(data=st.data())
def test_a_loss_is_its_equation(strategy, forms, data):
    batch = data.draw(st.integers(2, 8))
    partitions = np.array(data.draw(st.lists(st.integers(0, 3), min_size=batch, max_size=batch)))
    subjects = np.array(data.draw(st.lists(st.integers(0, 4), min_size=batch, max_size=batch)))
    embedded = embeddings(forms * batch, seed=data.draw(st.integers(0, 9))).view(forms, batch, 6)
    partner = partners(partitions, subjects, np.arange(batch)) if strategy == "D" else None
    negative = strategy_negatives(strategy, torch.from_numpy(partitions), forms)
    told = global_loss(embedded, negative, None if partner is None else torch.from_numpy(partner), T)
    assert told.item() == pytest.approx(by_loops(strategy, embedded, partitions, partner), abs=1e-8)


def test_strategy_r_is_simclr():
    """Cross entropy of every view against all others, the positive among them."""
    flat = embeddings(20)
    logits = (flat @ flat.T / T).fill_diagonal_(-torch.inf)
    positive = torch.arange(20).roll(10)
    told = global_loss(flat.view(2, 10, 6), strategy_negatives("R", torch.zeros(10), 2), None, T)
    torch.testing.assert_close(told, F.cross_entropy(logits, positive))


def test_d_minus_is_the_authors():
    """Three forms of 12 images, partition by place modulo 4; their sum is divided by images, ours by pairs: twice."""
    embedded, partitions = embeddings(36).view(3, 12, 6), torch.arange(12) % 4
    told = global_loss(embedded, strategy_negatives("D-", partitions, 3), None, T)
    assert 2 * told.item() == pytest.approx(FIXTURE["D-"], rel=1e-10)


def test_d_is_the_authors():
    """Their batch: volumes in a ring, of each the 4 partitions and then their other form; the sum is 4 of our means."""
    embedded = embeddings(32).view(4, 2, 4, 6).transpose(0, 1).reshape(2, 16, 6)  # form, then volume and partition
    partitions, volumes = np.arange(16) % 4, np.arange(16) // 4
    partner = partners(partitions, volumes, np.arange(16))
    assert partner.tolist() == np.roll(np.arange(16), -4).tolist()
    told = global_loss(embedded, strategy_negatives("D", torch.from_numpy(partitions), 2), torch.from_numpy(partner), T)
    assert 4 * told.item() == pytest.approx(FIXTURE["D"], rel=1e-10)


def test_positives_and_negatives_of_a_small_batch_by_hand():
    """Samples 0 and 1 of slab 0, 2 and 3 of slab 1; 0 and 2 of one subject, 1 and 3 of another; two forms."""
    slab, subject = torch.tensor([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert strategy_negatives("R", slab, 2)[0].tolist() == [False, True, True, True] * 2
    for strategy in ("D-", "D"):
        negative = strategy_negatives(strategy, slab, 2)
        assert negative[0].tolist() == negative[5].tolist() == [False, False, True, True] * 2
        assert negative[2].tolist() == negative[7].tolist() == [True, True, False, False] * 2
    assert partners(slab.numpy(), subject, np.arange(4)).tolist() == [1, 0, 3, 2]
    assert partners(slab.numpy(), np.zeros(4), np.arange(4)).tolist() == [-1] * 4


@given(data=st.data())
def test_partners_are_of_the_place_and_of_others(data):
    count = data.draw(st.integers(1, 12))
    partitions = np.array(data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)))
    subjects = np.array(data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    found = partners(partitions, subjects, np.array(data.draw(st.permutations(range(count)))))
    for sample, other in enumerate(found):
        fits = (partitions == partitions[sample]) & (subjects != subjects[sample])
        assert fits[other] if other >= 0 else not fits.any()


def test_slabs_hold_equal_numbers_of_heights():
    heights = np.repeat(26.0 * np.arange(12), 5)[::-1] - 40
    assert np.bincount(slabs(heights, 4)).tolist() == [15, 15, 15, 15]
    assert (np.diff(slabs(heights, 4)) <= 0).all(), "from bottom to top"
    assert sorted(set(slabs(np.array([0.0, 30, 0, 30]), 4))) == [0, 1]


def test_found_first_counts_what_is_nearer_than_all_negatives():
    one = torch.eye(3)[:, :3].repeat(1, 1)
    embedded = torch.stack([one, one.clone()])
    negative = strategy_negatives("D", torch.arange(3), 2)
    assert found_first(embedded, negative) == 1
    embedded[1, 0] = embedded[1, 1]
    assert found_first(embedded, negative) == pytest.approx(1 / 3)  # 0 sees 1's; 1 ties with 0's; 2 is alone
