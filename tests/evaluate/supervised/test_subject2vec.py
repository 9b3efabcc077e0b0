"""The network Subject2Vec: attention, loss and layers against slow definitions; sets have no order; it learns."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.evaluate.supervised.subject2vec import (
    EquivariantLayer,
    Subject2Vec,
    Subject2VecSettings,
    SubjectOutput,
    loss_terms,
    subject2vec_loss,
)

QUICK = settings(max_examples=6, deadline=None)
SEEDS = st.integers(0, 2**16)


def network(seed=0, dropout=0.0, targets=2):
    torch.manual_seed(seed)
    return Subject2Vec(targets, dropout)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slow_vector(net, h):
    """Weights and the subject's vector of encoded patches [n, 128], patch by patch and number by number."""
    weights = {name: value.detach().numpy().astype(float) for name, value in net.named_parameters()}
    x = h
    for layer in ("attention.0", "attention.1"):
        most = [max(column) for column in x.T]
        w, b = weights[f"{layer}.weight"], weights[f"{layer}.bias"]
        x = np.array([[sigmoid(sum(w[k] * (row - most)) + b[k]) for k in range(len(b))] for row in x])
    share = np.exp(x[:, 0]) / sum(np.exp(x[:, 0]))
    vector = np.zeros(128)
    for row, alpha in zip(h, share, strict=True):
        linear = weights["dense.weight"] @ (alpha * row) + weights["dense.bias"]
        vector += np.where(linear > 0, linear, np.exp(np.minimum(linear, 0)) - 1)
    return share, vector


@QUICK
@given(st.integers(2, 9), SEEDS)
def test_attention_and_vector_are_those_of_the_slow_definition(count, seed):
    net = network(seed)
    h = np.random.default_rng(seed).normal(0, 2, (2, count, 128))
    vectors, attention = net._pool(torch.from_numpy(h).float())
    for own, vector, shares in zip(h, vectors.detach().numpy(), attention.detach().numpy(), strict=True):
        share, expected = slow_vector(net, own)
        assert shares == pytest.approx(share, abs=1e-5) and shares.sum() == pytest.approx(1)
        assert vector == pytest.approx(expected, abs=1e-4)


@QUICK
@given(st.integers(2, 9), SEEDS)
def test_a_set_has_no_order(count, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=generator)
    layer = EquivariantLayer(6, 3)
    x = torch.randn(2, count, 6, generator=generator)
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order])
    patches, net = torch.rand(2, count, 4, 4, 4, generator=generator), network(seed)
    one, other = net(patches), net(patches[:, order])
    torch.testing.assert_close(one.attention[:, order], other.attention, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(one.vector, other.vector, atol=1e-3, rtol=1e-3)


def test_an_equivariant_layer_sees_the_rest_of_the_set():
    layer, x = EquivariantLayer(3, 2), torch.randn(2, 4, 3)
    higher = x.clone()
    higher[0, 3] += 5
    assert not torch.allclose(layer(x)[0, 0], layer(higher)[0, 0])
    assert torch.equal(layer(x)[1], layer(higher)[1])  # and nothing of another subject's


def test_terms_of_the_loss_by_hand():
    attention = torch.tensor([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    patches, restored = torch.zeros(2, 3, 2, 2, 2), torch.full((2, 3, 2, 2, 2), 0.2)
    output = SubjectOutput(torch.tensor([[1.0, -1.0], [0.0, 0.0]]), torch.zeros(2, 128), attention, restored)
    terms = loss_terms(output, torch.tensor([[0.5, 1.0], [0.0, 1.0]]), patches)
    sharpness = (np.log(0.5001) + 2 * np.log(0.2501) + np.log(1.0001) + 2 * np.log(1e-4)) / 2
    assert terms["targets"].item() == pytest.approx((0.25 + 4 + 0 + 1) / 2)
    assert terms["restoration"].item() == pytest.approx(0.04)
    assert terms["sharpness"].item() == pytest.approx(sharpness)
    published = 2.625 + 10 * 0.04 + 1e-4 * sharpness
    assert subject2vec_loss(terms, Subject2VecSettings()).item() == pytest.approx(published)
    heavier = Subject2VecSettings(restoration=1.0, sharpness=0.0)
    assert subject2vec_loss(terms, heavier).item() == pytest.approx(2.625 + 0.04)


def test_attention_on_fewer_patches_is_rewarded():
    """log(a + e) summed over the set is lowest where one patch has all the attention."""
    outputs = [
        SubjectOutput(torch.zeros(1, 1), torch.zeros(1, 1), torch.tensor(attention), torch.zeros(1))
        for attention in ([[0.5, 0.5]], [[0.99, 0.01]])
    ]
    even, sharp = (loss_terms(output, torch.zeros(1, 1), torch.zeros(1))["sharpness"].item() for output in outputs)
    assert sharp < even


@pytest.mark.parametrize("edge", [8, 16, 32])
def test_patches_of_any_edge_become_one_vector_and_are_restored_in_their_size(edge):
    patches = torch.rand(1, 2, edge, edge, edge)
    output = network()(patches)
    assert output.restored.shape == patches.shape
    assert output.predicted.shape == (1, 2) and output.vector.shape == (1, 128) and output.attention.shape == (1, 2)


def test_layers_are_the_published_ones():
    """Channels of every convolution, as the authors' code has them; no bias, batch norm with scale and shift."""
    kernels, last = [], 1
    for base, many in ((8, 2), (16, 3), (32, 3), (64, 3), (128, 3)):
        kernels += [(last if not number else base, base) for number in range(many)]
        last = base
    net = network()
    assert [tuple(layer["conv"].weight.shape[:2])[::-1] for layer in net.encoder] == kernels
    assert [tuple(layer["conv"].weight.shape[:2])[::-1] for layer in net.decoder] == kernels[::-1]
    assert [layer["conv"].stride[0] for layer in net.encoder] == [1, 2, *[1, 1, 2] * 4]
    both = sum(2 * 27 * a * b + 2 * b + 2 * a for a, b in kernels)
    rest = (128 * 64 + 64) + (64 + 1) + (128 * 128 + 128) + (128 * 2 + 2)
    assert sum(parameter.numel() for parameter in net.parameters()) == both + rest


def test_in_use_a_subject_does_not_depend_on_those_described_with_it():
    net, patches = network().eval(), torch.rand(2, 4, 8, 8, 8)
    both = net(patches)
    for number in range(2):
        torch.testing.assert_close(net(patches[[number]]).vector[0], both.vector[number], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(net.vector(patches), both.vector)


def test_the_loss_falls():
    chosen = Subject2VecSettings()
    net = network().train()
    optimizer = torch.optim.Adam(net.parameters(), chosen.lr, fused=True)
    generator = torch.Generator().manual_seed(1)
    sets = torch.stack([torch.rand(4, 4, 4, 4, generator=generator) ** power for power in (0.3, 1.0, 3.0)])
    wanted = torch.tensor([[-1.0, 1.0], [0.0, 0.0], [1.0, -1.0]])
    losses = []
    for _ in range(20):
        losses.append(subject2vec_loss(loss_terms(net(sets), wanted, sets), chosen))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    losses = [loss.item() for loss in losses]
    assert np.mean(losses[-3:]) < 0.5 * np.mean(losses[:3])
