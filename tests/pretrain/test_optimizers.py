"""A joint optimiser steps as its parts alone would, and goes on from its state."""

import copy

import torch
from torch import nn

from drasclr_core.pretrain.optimizers import JointOptimizer


def parts(first, second):
    return torch.optim.SGD(first.parameters(), 0.1, 0.9), torch.optim.Adam(second.parameters(), 0.01)


def steps(optimizers, networks, count):
    for number in range(count):
        loss = sum(network(torch.full((2, 3), float(number + 1))).square().sum() for network in networks)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


def test_steps_rates_and_state_are_those_of_the_parts():
    networks = nn.Linear(3, 2), nn.Linear(3, 2)
    apart, resumed = copy.deepcopy(networks), copy.deepcopy(networks)
    joint, alone = JointOptimizer(*parts(*networks)), parts(*apart)
    steps([joint], networks, 3)
    steps(alone, apart, 3)
    for ours, theirs in zip(networks, apart, strict=True):
        torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=0)

    state = copy.deepcopy(joint.state_dict())
    for network, saved in zip(resumed, networks, strict=True):
        network.load_state_dict(saved.state_dict())
    later = JointOptimizer(*parts(*resumed))
    later.load_state_dict(state)
    for optimizer in (joint, later):
        optimizer.param_groups[0]["lr"] = 0.05
    alone[0].param_groups[0]["lr"] = 0.05
    for optimizers, moved in (([joint], networks), ([later], resumed), (alone, apart)):
        steps(optimizers, moved, 2)
    for ours, again, theirs in zip(networks, resumed, apart, strict=True):
        torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=0)
        torch.testing.assert_close(again.weight, theirs.weight, rtol=0, atol=0)
