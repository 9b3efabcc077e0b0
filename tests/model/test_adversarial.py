"""Discriminator, its least-squares losses, and the decoder with skip connections."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from drasclr_core.model import Encoder
from drasclr_core.model.adversarial import discriminator, discriminator_loss, generator_loss
from drasclr_core.model.encoder import last_channels
from drasclr_core.model.skip_decoder import SkipDecoder

MEASURED = json.loads((Path(__file__).parents[1] / "fixtures" / "dira.json").read_text())


def test_least_squares_losses_are_distances_from_one_and_zero():
    real, made = torch.randn(3, 1, 2, 2, 2), torch.randn(3, 1, 2, 2, 2)
    mse = nn.MSELoss()
    torch.testing.assert_close(generator_loss(made), mse(made, torch.ones_like(made)))
    theirs = 0.5 * (mse(real, torch.ones_like(real)) + mse(made, torch.zeros_like(made)))
    torch.testing.assert_close(discriminator_loss(real, made), theirs)
    assert discriminator_loss(torch.ones(4), torch.zeros(4)) == 0 == generator_loss(torch.ones(4))


def test_discriminator_is_the_published_one_in_3d():
    network = discriminator(224, 64)
    convolutions = [layer for layer in network if isinstance(layer, nn.Conv3d)]
    flat = sum(layer.weight.numel() // 3 + layer.bias.numel() for layer in convolutions)
    assert flat == MEASURED["discriminator_parameters"]
    side = 224
    for layer in convolutions:
        side = -(-side // layer.stride[0])
    assert [side, side] == MEASURED["discriminator_map"]
    assert sum(isinstance(layer, nn.InstanceNorm3d) for layer in network) == 3
    assert all(abs(layer.weight.std() - 0.02) < 0.002 for layer in convolutions)


@pytest.mark.parametrize(("size", "side"), [(8, 2), (16, 2), (32, 4)])
def test_discriminator_answers_for_parts(size, side):
    network = discriminator(size, 4).train()
    assert network(torch.rand(2, 1, size, size, size)).shape == (2, 1, side, side, side)


@pytest.mark.parametrize("size", [8, 16, 32])
def test_decoder_goes_back_to_the_patch_over_all_skips(size):
    encoder = Encoder(16, conditioning="none").train()
    decoder = SkipDecoder(last_channels(16), 2).train()
    maps = encoder.maps(torch.rand(2, 1, size, size, size), torch.zeros(3))
    assert [one.shape[1] for one in maps] == last_channels(16) == [8, 16, 32, 64, 128, 16]
    assert [one.shape[-1] for one in maps] == [-(-size // 2**level) for level in range(6)]
    made = decoder(maps)
    assert made.shape == (2, 1, size, size, size)
    assert made.min() > 0 and made.max() < 1
    leaves = [one.detach().requires_grad_() for one in maps]
    decoder(leaves).square().sum().backward()
    assert [one.grad is not None and bool(one.grad.any()) for one in leaves] == [False] + 5 * [True]


def test_maps_are_those_on_the_way_to_the_representation():
    encoder, x, nowhere = Encoder(16, conditioning="none").train(), torch.randn(4, 1, 16, 16, 16), torch.zeros(3)
    torch.testing.assert_close(encoder.maps(x, nowhere)[-1].flatten(1), encoder(x, nowhere))
    with pytest.raises(ValueError, match="landmark norm"):
        Encoder(16, conditioning="none", norm="landmark", landmarks=3).maps(x, nowhere)
    with pytest.raises(ValueError, match="at most 32"):
        encoder.maps(torch.zeros(2, 1, 40, 40, 40), nowhere)
