"""LARC: a step of every tensor is a share of its size; without a gradient nothing moves."""

import torch

from drasclr_core.pretrain.larc import LARC


def test_a_step_is_the_written_one():
    weights = [torch.nn.Parameter(torch.tensor([3.0, 4.0])), torch.nn.Parameter(torch.zeros(2)),
               torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))]  # fmt: skip
    weights[0].grad, weights[1].grad = torch.tensor([0.6, 0.8]), torch.ones(2)
    weights[2].grad = torch.zeros(2)
    optimizer = LARC(weights, lr=2.0, momentum=0.9, weight_decay=0.1, trust=0.01)
    optimizer.step()
    change = 2.0 * 0.01 * 5 / (1 + 0.1 * 5) * torch.tensor([0.6 + 0.3, 0.8 + 0.4])
    torch.testing.assert_close(weights[0].data, torch.tensor([3.0, 4.0]) - change)
    torch.testing.assert_close(weights[1].data, torch.full((2,), -2.0), msg="of size zero: as in SGD")
    assert torch.equal(weights[2].data, torch.ones(2)) and torch.equal(weights[3].data, torch.ones(2))
    assert optimizer.param_groups[0]["weight_decay"] == 0.1


def test_it_does_not_matter_how_large_a_gradient_is():
    ends = []
    for scale in (1.0, 1000.0):
        weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
        optimizer = LARC([weight], lr=1.0, momentum=0.9)
        for _ in range(3):
            weight.grad = scale * weight.detach().flip(0)
            optimizer.step()
        ends.append(weight.detach().clone())
    torch.testing.assert_close(*ends)
