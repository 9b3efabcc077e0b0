import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.model import ConditionalMemoryBank, Encoder, ProjectionHead
from drasclr_core.model.losses import contrast_loss
from drasclr_core.pretrain.shards import BatchShard


def make_model(key_momentum=0.9, fresh_negatives=False):
    torch.manual_seed(0)
    locations = torch.rand(4, 3) * 2 - 1
    bank = ConditionalMemoryBank(4, 6, 8)
    return DrasCLR(locations, Encoder(16, 2), ProjectionHead(16, 8), bank, 0.2, key_momentum, fresh_negatives).train()


def patches(*size):
    return torch.randn(*size, 8, 8, 8)


def test_own_keys_take_no_part_in_the_logits():
    model = make_model()
    subjects = torch.arange(4)
    model(2, patches(4, 1), patches(4, 1), subjects, patches(4, 2), [1, 3])
    second = model(2, patches(4, 1), patches(4, 1), subjects, patches(4, 2), [1, 3])
    for logits in (second.local, second.neighbor):  # the first batch's keys lie in places 0 to 3 of 6
        assert torch.equal(torch.isinf(logits[:, 1:]), torch.eye(4, 6, dtype=torch.bool))


def test_with_fresh_negatives_the_others_of_the_batch_are_negatives():
    model, subjects = make_model(fresh_negatives=True), torch.arange(4)
    contrast = model(2, patches(4, 1), patches(4, 1), subjects, patches(4, 2), [1, 3])
    others = contrast.query.detach() @ contrast.key.T / 0.2
    others.fill_diagonal_(-torch.inf)  # the own key is the positive, not a negative
    torch.testing.assert_close(contrast.local[:, 1:5].detach(), others)


def test_without_neighbors_there_is_no_neighbor_contrast():
    contrast = make_model()(0, patches(4, 1), patches(4, 1), torch.arange(4))
    assert contrast.neighbor is None
    assert contrast.local.shape == (4, 7)


def test_only_the_query_network_learns_and_the_key_network_follows():
    model = make_model(key_momentum=0.75)
    key_before = [p.clone() for p in model.key.parameters()]
    with torch.no_grad():
        for parameter in model.query.parameters():
            parameter.add_(1.0)
    contrast = model(0, patches(4, 1), patches(4, 1), torch.arange(4))
    contrast_loss(contrast.local).backward()
    assert all(p.grad is None for p in model.key.parameters())
    assert not contrast.key.requires_grad
    for before, after in zip(key_before, model.key.parameters(), strict=True):
        torch.testing.assert_close(after, before + 0.25)


def test_split_batch_norm_uses_the_parts_of_the_permuted_batch():
    model, key, order = make_model(), patches(8, 1), np.array([3, 6, 0, 2, 1, 4, 5, 7])
    location = model.locations[0]
    keys = model._embed_keys(key[order], location, BatchShard.of(8, key_splits=2, order=order))
    expected = torch.cat([make_model().key(key[part], location) for part in np.split(order, 2)]).detach()
    torch.testing.assert_close(keys[order], expected)


@given(size=st.integers(2, 40), processes=st.integers(1, 4), key_splits=st.integers(1, 4), seed=st.integers(0, 99))
def test_processes_share_a_batch_without_loss_or_repetition(size, processes, key_splits, seed):
    if size < 2 * processes:
        return
    order = np.random.default_rng(seed).permutation(size)
    shares = [BatchShard.of(size, rank, processes, key_splits, order) for rank in range(processes)]
    for positions in ([share.rows for share in shares], [share.key_rows for share in shares]):
        assert sorted(np.concatenate(positions)) == list(range(size))
    assert sum(share.weight for share in shares) == pytest.approx(1)
    assert all(len(part) >= 2 for share in shares for part in (share.rows, *share.key_parts))  # batch norm needs two


def test_similarities_are_computed_in_full_precision_under_autocast():
    inputs = patches(16, 1), patches(16, 1), torch.arange(16)
    exact = make_model()(0, *inputs)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = make_model()(0, *inputs)
    assert mixed.local.dtype == mixed.key.dtype == torch.float32
    expected = torch.cat([(mixed.query * mixed.key).sum(1, keepdim=True), mixed.query @ make_model().bank.keys[0].T], 1)
    torch.testing.assert_close(mixed.local, expected / 0.2)
    assert F.cosine_similarity(exact.query, mixed.query).min() > 0.95


def test_locations_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"Atlas\.scale"):
        DrasCLR(torch.full((2, 3), 30.0), Encoder(16, 2), ProjectionHead(16, 8), ConditionalMemoryBank(2, 6, 8))
