import math

import pytest
import torch
import torch.nn.functional as F

from drasclr_core.model.losses import alignment, chance_loss, local_loss, neighbor_loss, uniformity


def unit(*size, seed=0):
    return F.normalize(torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=-1)


def test_local_loss_is_equation_6():
    q, k, n = unit(3, 8), unit(3, 8, seed=1), unit(5, 8, seed=2)
    expected = 0
    for i in range(3):
        positive = math.exp(q[i] @ k[i] / 0.2)
        expected -= math.log(positive / (positive + sum(math.exp(q[i] @ key / 0.2) for key in n))) / 3
    assert local_loss(q, k, n, 0.2).item() == pytest.approx(expected, rel=1e-12)


def test_neighbor_loss_is_equation_8_with_summed_logits():
    r, k, n = unit(3, 2, 8), unit(3, 8, seed=1), unit(5, 8, seed=2)
    expected = 0
    for i in range(3):
        positive = math.exp(sum(r[i, l] @ k[i] for l in range(2)) / 0.2)
        negative = sum(math.exp(sum(r[i, l] @ key for l in range(2)) / 0.2) for key in n)
        expected -= math.log(positive / (positive + negative)) / 3
    assert neighbor_loss(r, k, n, 0.2).item() == pytest.approx(expected, rel=1e-12)


def test_masked_negatives_take_no_part():
    q, k, n = unit(2, 8).requires_grad_(), unit(2, 8, seed=1), unit(5, 8, seed=2)
    mask = torch.tensor([[True, False, False, True, False]]).expand(2, 5)
    masked, without = local_loss(q, k, n, 0.2, mask), local_loss(q, k, n[[1, 2, 4]], 0.2)
    assert masked.item() == pytest.approx(without.item(), rel=1e-12)
    gradients = [torch.autograd.grad(loss, q)[0] for loss in (masked, without)]
    torch.testing.assert_close(*gradients)
    nothing_left = local_loss(q, k, n, 0.2, torch.ones(2, 5, dtype=torch.bool))
    assert nothing_left.item() == 0  # a cohort of one subject has nothing to be told apart from


def test_chance_is_the_logarithm_of_the_number_of_choices():
    same = unit(1, 8)
    assert local_loss(same, same, same.expand(63, 8), 0.2).item() == pytest.approx(math.log(64))


def test_alignment_and_uniformity_at_their_ends():
    same = unit(1, 8).expand(4, 8)
    assert alignment(same, same) == 0
    assert alignment(same, -same).item() == pytest.approx(4)
    assert uniformity(same).item() == pytest.approx(0, abs=1e-6)
    opposite = torch.tensor([[1.0, 0], [-1.0, 0]])
    assert uniformity(opposite).item() == pytest.approx(-8)


def test_several_landmarks_have_the_mean_of_their_losses():
    torch.manual_seed(0)
    q, k, n = (F.normalize(torch.randn(3, count, 8, dtype=torch.float64), dim=-1) for count in (4, 4, 6))
    r, mask = F.normalize(torch.randn(3, 4, 2, 8, dtype=torch.float64), dim=-1), torch.rand(3, 4, 6) < 0.3
    together = local_loss(q, k, n, 0.2, mask), neighbor_loss(r, k, n, 0.2, mask)
    alone = torch.stack([torch.stack([local_loss(a, b, c, 0.2, m), neighbor_loss(d, b, c, 0.2, m)])
                         for a, b, c, d, m in zip(q, k, n, r, mask, strict=True)])  # fmt: skip
    torch.testing.assert_close(torch.stack(together), alone.mean(dim=0))


def test_chance_is_the_loss_of_embeddings_that_say_nothing():
    mask = torch.tensor([[True, False, False], [False, False, False]])
    same = F.normalize(torch.ones(2, 8), dim=-1)
    assert chance_loss(mask).item() == pytest.approx((math.log(3) + math.log(4)) / 2)
    assert local_loss(same, same, same[:1].expand(3, 8), 0.2, mask).item() == pytest.approx(chance_loss(mask).item())
