"""The four ways of Table 6 share one interface; each is what its name says."""

import pytest
import torch
import torch.nn.functional as F

from drasclr_core.model import Encoder, LocCondConv3d
from drasclr_core.model.conditioning import CONDITIONINGS, HyperConv3d, PlainConv3d
from drasclr_core.model.locconv import LocationGroups

HERE, THERE = torch.tensor([0.9, -0.2, 0.5]), torch.tensor([-0.8, 0.4, -0.6])


def encoder(conditioning, **sizes):
    torch.manual_seed(0)
    return Encoder(**{"rep_dim": 16, "num_experts": 4, **sizes}, conditioning=conditioning).eval()


@torch.no_grad()
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_one_location_per_sample_equals_one_at_a_time(conditioning):
    model, x = encoder(conditioning), torch.randn(5, 1, 8, 8, 8)
    locations = torch.stack([HERE, THERE, HERE, THERE, THERE])
    alone = torch.cat([model(sample[None], location) for sample, location in zip(x, locations, strict=True)])
    torch.testing.assert_close(model(x, locations), alone, rtol=1e-4, atol=1e-5)
    grouped = model(x[[0, 2, 1, 3, 4]], LocationGroups(torch.stack([HERE, THERE]), [2, 3]))
    torch.testing.assert_close(grouped, alone[[0, 2, 1, 3, 4]], rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_the_location_matters_to_all_but_one(conditioning):
    model, x = encoder(conditioning), torch.randn(2, 1, 8, 8, 8)
    assert torch.equal(model(x, HERE), model(x, THERE)) == (conditioning == "none")


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_every_parameter_is_trained(conditioning):
    model = encoder(conditioning).train()
    model(torch.randn(4, 1, 8, 8, 8), torch.stack([HERE, THERE] * 2)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


def test_sizes_are_comparable():
    """The hypernetwork has as many kernels to combine as the experts, and one more; the plain ones an eighth."""
    millions = {name: sum(p.numel() for p in Encoder(conditioning=name).parameters()) / 1e6 for name in CONDITIONINGS}
    assert millions["hypernetwork"] == pytest.approx(millions["loc-condconv"] * 9 / 8, rel=0.01)
    assert millions["none"] == pytest.approx(millions["loc-condconv"] / 8, rel=0.01)
    assert millions["concat"] == pytest.approx(millions["none"], rel=0.05)


def test_none_is_an_ordinary_convolution():
    layer, x = PlainConv3d(2, 3, stride=2), torch.randn(4, 2, 5, 5, 5)
    expected = F.conv3d(x, layer.weight, layer.bias, stride=2, padding=1)
    torch.testing.assert_close(layer(x, HERE), expected)
    torch.testing.assert_close(layer(x, torch.rand(4, 3)), expected)


def test_hypernetwork_convolves_with_what_its_network_says():
    layer, x = HyperConv3d(2, 3, num_experts=4), torch.randn(2, 2, 5, 5, 5)
    hidden = torch.relu(layer.network[0](HERE))
    kernel = (layer.network[2].weight @ hidden + layer.network[2].bias).view(3, 2, 3, 3, 3)
    torch.testing.assert_close(layer(x, HERE), F.conv3d(x, kernel, layer.bias, padding=1))


@pytest.mark.parametrize("convolution", [LocCondConv3d, PlainConv3d, HyperConv3d])
def test_kernels_begin_as_large_as_those_of_an_ordinary_convolution(convolution):
    layer = convolution(16, 32)
    kernels = layer.kernels(torch.rand(50, 3) * 2 - 1)
    ordinary = torch.nn.Conv3d(16, 32, 3).weight
    assert 0.7 < kernels.std() / ordinary.std() < 2  # eight experts, each weighed by about one half: 1.4
    centre = layer.kernels(HERE, center_only=True)
    torch.testing.assert_close(centre[..., 0, 0, 0], layer.kernels(HERE)[..., 1, 1, 1])


@torch.no_grad()
@pytest.mark.parametrize("convolution", [LocCondConv3d, PlainConv3d, HyperConv3d])
def test_scaling_the_output_scales_every_kernel(convolution):
    layer, scale, x = convolution(2, 3), torch.tensor([2.0, 0.5, -1.0]), torch.randn(2, 2, 4, 4, 4)
    layer.bias.zero_()
    before = layer(x, HERE)
    layer.scale_output_(scale)
    torch.testing.assert_close(layer(x, HERE), before * scale[:, None, None, None])


def test_unknown_conditioning_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'film'.*loc-condconv, none, concat, hypernetwork"):
        Encoder(conditioning="film")


def test_a_conditioning_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="There is no conditioning 'concatenate': did you mean 'concat'"):
        encoder("concatenate")
