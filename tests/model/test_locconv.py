import pytest
import torch
import torch.nn.functional as F

from drasclr_core.model import LocCondConv3d
from drasclr_core.model.locconv import group_locations


def by_definition(layer, x, locations):
    """Eq. 3 and 4 one sample at a time."""
    samples = []
    for sample, location in zip(x, locations, strict=True):
        alpha = torch.sigmoid(layer.routing.weight @ location + layer.routing.bias)
        kernel = sum(a * expert for a, expert in zip(alpha, layer.weight, strict=True))
        samples.append(F.conv3d(sample[None], kernel, layer.bias, layer.stride, layer.padding))
    return torch.cat(samples)


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 1, 3), (5, 5, 5)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("different", [1, 2, 9])  # one; few: looped over; all different: grouped convolution
def test_equals_its_definition(size, stride, different):
    generator = torch.Generator().manual_seed(0)
    layer = LocCondConv3d(3, 5, stride=stride, num_experts=4).double()
    x = torch.randn(9, 3, *size, dtype=torch.float64, generator=generator, requires_grad=True)
    some = torch.rand(different, 3, dtype=torch.float64, generator=generator) * 2 - 1
    locations = some[torch.arange(9) % different]
    upstream = torch.randn_like(by_definition(layer, x, locations))
    inputs = [x, *layer.parameters()]

    fast, slow = layer(x, locations), by_definition(layer, x, locations)
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-12)
    gradients = [torch.autograd.grad(y, inputs, upstream) for y in (fast, slow)]
    for ours, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-11)
    if different == 1:
        torch.testing.assert_close(layer(x, locations[0]), slow, rtol=0, atol=1e-12)


def test_only_the_central_tap_is_used_only_where_the_padding_keeps_the_size():
    """With padding 2 a single voxel becomes 3^3, and every tap of the kernel counts."""
    layer = LocCondConv3d(2, 2, kernel_size=3, padding=2, num_experts=2).double()
    x = torch.randn(2, 2, 1, 1, 1, dtype=torch.float64)
    location = torch.zeros(3, dtype=torch.float64)
    torch.testing.assert_close(layer(x, location), by_definition(layer, x, location.expand(2, 3)))


def test_experts_are_initialised_like_convolutions():
    layer = LocCondConv3d(16, 32, num_experts=8)
    bound = (16 * 27) ** -0.5
    assert layer.weight.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert not torch.equal(layer.weight[0], layer.weight[1])


def test_grouping_sorts_a_batch_by_location():
    locations = torch.tensor([[0.0, 0, 1], [0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1]])
    order, groups = group_locations(locations)
    assert groups.sizes == [2, 3]
    assert torch.equal(locations[order], groups.unique.repeat_interleave(torch.tensor(groups.sizes), dim=0))
