"""Assignments, clusters and masked errors are what their definitions say, for any input."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.image_volume import masked_embedding_loss, sinkhorn, spherical_kmeans, swav_loss


def cosines(seed, rows, columns):
    random = torch.Generator().manual_seed(seed)
    made = (torch.randn(size, 5, generator=random, dtype=torch.double) for size in (rows, columns))
    return torch.matmul(*(F.normalize(part, dim=1) if i == 0 else F.normalize(part, dim=1).T
                          for i, part in enumerate(made)))  # fmt: skip


@settings(max_examples=25)
@given(st.integers(0, 99), st.integers(2, 20), st.integers(2, 8), st.sampled_from([0.05, 0.3, 1.0]))
def test_assignments_are_shares_and_prototypes_get_about_as_much(seed, rows, columns, epsilon):
    scores = cosines(seed, rows, columns)
    few, many = (sinkhorn(scores, epsilon, iterations) for iterations in (1, 200))
    for made in (few, many):
        assert (made >= 0).all()
        torch.testing.assert_close(made.sum(dim=1), torch.ones(rows, dtype=torch.double))
    wanted = torch.full((columns,), rows / columns, dtype=torch.double)
    off = [(made.sum(dim=0) - wanted).abs().max() for made in (few, many)]
    assert off[1] <= off[0] + 1e-9 and off[1] < 0.05 * rows / columns + 0.02


@settings(max_examples=10)
@given(st.integers(0, 99), st.floats(-50, 50))
def test_assignments_do_not_see_a_constant_and_never_overflow(seed, constant):
    scores = cosines(seed, 6, 4)
    torch.testing.assert_close(sinkhorn(scores + constant), sinkhorn(scores), rtol=1e-6, atol=1e-9)
    assert sinkhorn((scores * 1000).float(), 0.05).isfinite().all()


def test_the_swapped_loss_is_that_of_a_loop():
    first, second = cosines(0, 6, 4), cosines(1, 6, 4)
    assigned, total = (sinkhorn(first), sinkhorn(second)), 0.0
    for scores, wanted in ((first, assigned[1]), (second, assigned[0])):
        for row, target in zip(scores, wanted, strict=True):
            weights = [math.exp(value / 0.1) for value in row.tolist()]
            total -= sum(t * math.log(w / sum(weights)) for t, w in zip(target.tolist(), weights, strict=True)) / 12
    assert swav_loss(first, second).item() == pytest.approx(total, rel=1e-12)


def test_a_cluster_without_rows_stays_and_a_row_finds_the_nearest():
    x = F.normalize(torch.tensor([[1.0, 0.1], [1.0, -0.1], [-0.1, 1.0]]), dim=1)
    start = F.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), dim=1)
    centroids, assigned = spherical_kmeans(x, start, 3)
    assert assigned.tolist() == [0, 0, 1]
    torch.testing.assert_close(centroids[2], start[2])
    torch.testing.assert_close(centroids[:2], torch.stack([torch.tensor([1.0, 0.0]), x[2]]))


def test_masked_error_is_over_hidden_slices_or_over_all():
    pred, target = torch.randn(2, 5, 3), torch.randn(2, 5, 3)
    mask = torch.tensor([[1, 0, 0, 1, 0], [0, 1, 1, 0, 0]]).bool()[..., None]
    hidden = mask[..., 0]
    expected = (pred[hidden] - target[hidden]).square().mean()
    torch.testing.assert_close(masked_embedding_loss(pred, target, mask), expected)
    torch.testing.assert_close(masked_embedding_loss(pred, target, mask, "all"), (pred - target).square().mean() / 2)
    torch.testing.assert_close(masked_embedding_loss(torch.where(mask, pred, 9.0), target, mask), expected)


def test_what_cannot_be_computed_is_refused():
    x = torch.zeros(2, 3, 4)
    with pytest.raises(ValueError, match="No slice is hidden"):
        masked_embedding_loss(x, x, torch.zeros(2, 3, 1).bool())
    with pytest.raises(ValueError, match=r"must be \[B, S, C\]"):
        masked_embedding_loss(x, x, torch.ones(2, 3).bool())
    with pytest.raises(ValueError, match="no way to average 'al': did you mean 'all'"):
        masked_embedding_loss(x, x, torch.ones(2, 3, 1).bool(), "al")
    with pytest.raises(ValueError, match="epsilon above 0"):
        sinkhorn(x[0], 0.0)
    with pytest.raises(ValueError, match="k-means takes rows"):
        spherical_kmeans(x[0], x[0, :, :2])
