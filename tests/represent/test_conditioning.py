"""What the location does to kernels: nothing without conditioning, and what Eq. 4 says with it."""

import numpy as np
import pytest
import torch

from drasclr_core.model import Encoder
from drasclr_core.represent.conditioning import kernel_change, routing_weights

PLACES = np.random.default_rng(0).uniform(-1, 1, (12, 3)).astype(np.float32)


def encoder_of(conditioning):
    torch.manual_seed(0)
    return Encoder(rep_dim=8, num_experts=3, conditioning=conditioning).eval()


def test_routing_weights_are_those_of_the_layer():
    encoder = encoder_of("loc-condconv")
    weights = routing_weights(encoder, PLACES)
    assert weights.shape == (len(encoder.blocks), 12, 3)
    routing = encoder.blocks[4].conv.routing
    told = PLACES @ routing.weight.detach().numpy().T + routing.bias.detach().numpy()
    np.testing.assert_allclose(weights[4], 1 / (1 + np.exp(-told)), rtol=1e-5)
    with pytest.raises(ValueError, match="no routing weights"):
        routing_weights(encoder_of("none"), PLACES)


def test_kernels_change_where_the_place_enters_them():
    assert kernel_change(encoder_of("none"), PLACES).max() == 0 == kernel_change(encoder_of("concat"), PLACES).max()
    assert (kernel_change(encoder_of("hypernetwork"), PLACES) > 0).all()
    encoder = encoder_of("loc-condconv")
    assert (kernel_change(encoder, PLACES) > 0).all()
    with torch.no_grad():
        for block in encoder.blocks:
            block.conv.routing.weight.zero_()
    assert kernel_change(encoder, PLACES).max() == 0


def test_unlike_kernels_have_the_square_root_of_two():
    encoder = encoder_of("hypernetwork")
    with torch.no_grad():  # far from the middle, the layer's hidden units are another set on each side
        for block in encoder.blocks:
            first, _, second = block.conv.network
            first.bias.zero_()
            first.weight.normal_()
            second.bias.zero_()
    both = np.array([[1, 1, 1], [-1, -1, -1]], np.float32)
    change = kernel_change(encoder, both)
    assert (change > 0.7).all() and (change < 1.3).all()  # half of the pairs are a place with itself
