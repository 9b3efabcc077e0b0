from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.methods.drasclr import DrasCLR, DrasCLRSettings
from drasclr_core.model.losses import contrast_logits, local_loss, neighbor_loss
from drasclr_core.pretrain import BatchShard
from drasclr_core.pretrain.momentum import embed_keys
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.setup import build_method
from drasclr_core.pretrain.views import Views

SETTINGS = DrasCLRSettings(bank_size=6, num_experts=2, rep_dim=16, dim=8, key_momentum=0.9, fresh_negatives=False,
                           max_key_age=0)  # fmt: skip


GRID = [[0.0, 0, 0], [30, 0, 0], [0, 30, 0], [30, 30, 0]]


def make_model(locations=None, **changes):
    """Four landmarks; the neighbours of landmark 2 are 1 and 3."""
    places = torch.rand(4, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    near = np.array([[1, 2], [0, 2], [1, 3], [2, 1]])
    atlas = SimpleNamespace(
        locations=places if locations is None else locations,
        centres=np.array(GRID),
        box=[[-1.0] * 3, [1.0] * 3],
        neighbors=lambda count: near[:, :count],
    )
    return build_method(DrasCLR, replace(SETTINGS, **changes), atlas)


def patches(*size):
    return torch.randn(*size, 8, 8, 8)


def contrast(model, landmark, query, key, neighbors=None):
    batch = Batch(landmark, np.arange(len(query)))
    return model.contrast(batch, Views(query, key, neighbors), BatchShard.whole(len(query)))


def logits(made, query=None):
    return contrast_logits(made.query if query is None else query, made.key, made.negatives, 0.2, made.mask)


def test_own_keys_take_no_part_in_the_logits():
    model = make_model()
    contrast(model, 2, patches(4, 1), patches(4, 1), patches(4, 2))
    second = contrast(model, 2, patches(4, 1), patches(4, 1), patches(4, 2))
    for found in (
        logits(second),
        logits(second, second.neighbors.sum(dim=1)),
    ):  # the first keys are in places 0 to 3 of 6
        assert torch.equal(torch.isinf(found[:, 1:]), torch.eye(4, 6, dtype=torch.bool))


def test_with_fresh_negatives_the_others_of_the_batch_are_negatives():
    made = contrast(make_model(fresh_negatives=True), 2, patches(4, 1), patches(4, 1), patches(4, 2))
    others = made.query.detach() @ made.key.T / 0.2
    others.fill_diagonal_(-torch.inf)  # the own key is the positive, not a negative
    torch.testing.assert_close(logits(made)[:, 1:5].detach(), others)


def test_a_step_is_trained_on_the_equations_of_the_paper():
    """The loss is that of Eq. 9, of `local_loss` and `neighbor_loss` on the step's own embeddings."""
    model, again = make_model(beta=0.5), make_model(beta=0.5)
    views = Views(patches(4, 1), patches(4, 1), patches(4, 2))
    loss, metrics = model(Batch(2, np.arange(4)), views, BatchShard.whole(4))
    made = contrast(again, 2, *views)
    others = (made.key, made.negatives, 0.2, made.mask)
    local, neighbor = local_loss(made.query, *others), neighbor_loss(made.neighbors, *others)
    torch.testing.assert_close(loss, local + 0.5 * neighbor)
    logged = dict(zip(model.metrics, metrics[1:].tolist(), strict=True))
    assert metrics[0] == loss and logged["loss_local"] == local.item() and logged["loss_neighbor"] == neighbor.item()
    assert logged["negatives"] == 6 and 0 <= logged["accuracy"] <= 1


def test_without_neighbors_there_is_no_neighbor_contrast():
    model = make_model(neighbors=0)
    made = contrast(model, 0, patches(4, 1), patches(4, 1))
    assert made.neighbors is None
    assert logits(made).shape == (4, 7)


def test_only_the_query_network_learns_and_the_key_network_follows():
    model = make_model(key_momentum=0.75)
    key_before = [p.clone() for p in model.key.parameters()]
    with torch.no_grad():
        for parameter in model.query.parameters():
            parameter.add_(1.0)
    loss, _ = model(Batch(0, np.arange(4)), Views(patches(4, 1), patches(4, 1), None), BatchShard.whole(4))
    loss.backward()
    assert all(p.grad is None for p in model.key.parameters())
    for before, after in zip(key_before, model.key.parameters(), strict=True):
        torch.testing.assert_close(after, before + 0.25)
    trained = {id(p) for group in model.optimizer().param_groups for p in group["params"]}
    assert trained == {id(p) for p in model.query.parameters()}


def test_split_batch_norm_uses_the_parts_of_the_permuted_batch():
    model, key, order = make_model(), patches(8, 1), np.array([3, 6, 0, 2, 1, 4, 5, 7])
    location = model.locations[0]
    keys = embed_keys(model.key, key[order], location[None], BatchShard.of(8, key_splits=2, order=order))[0]
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
    views, batch, whole = Views(patches(16, 1), patches(16, 1), None), Batch(0, np.arange(16)), BatchShard.whole(16)
    exact = make_model().contrast(batch, views, whole)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = make_model().contrast(batch, views, whole)
        loss, _ = make_model().step(batch, views, whole)
    assert mixed.query.dtype == mixed.key.dtype == loss.dtype == torch.float32
    torch.testing.assert_close(loss, local_loss(mixed.query, mixed.key, mixed.negatives, 0.2, mixed.mask))
    assert F.cosine_similarity(exact.query, mixed.query).min() > 0.95


def test_locations_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"Atlas\.scale"):
        make_model(locations=torch.full((4, 3), 30.0))


def test_a_block_step_is_the_papers_loss_summed_over_its_landmarks():
    """Each landmark's query and keys as in a step of its own; its neighbours are the queries of the block."""
    settings = {"landmarks_per_step": 4, "norm": "landmark", "fresh_negatives": True, "bank_size": 8, "max_key_age": 5}
    model, again = make_model(**settings), make_model(**settings)
    query, key = patches(4, 4, 1), patches(4, 4, 1)  # landmark, subject
    blocks = (block for epoch in range(100) for block in model.sampler(4, 1).epoch(epoch))
    block = next(block for block in blocks if len(block.landmarks) == 4)  # most epochs cut these four landmarks apart
    order = block.landmarks
    loss, metrics = model.step(block, Views(query.flatten(0, 1), key.flatten(0, 1), None), BatchShard.whole(4))

    losses = []
    queries = [again.query(query[place], again.locations[order[place]]) for place in range(4)]
    for place, landmark in enumerate(order.tolist()):
        k = again.key(key[place], again.locations[landmark]).detach()
        near = [other for other in range(4) if block.beside[place, other]]
        assert {int(order[other]) for other in near} == {one for one in range(4) if one not in (landmark, 3 - landmark)}
        own = torch.eye(4, dtype=torch.bool)
        r = torch.stack([queries[other] for other in near], dim=1)
        losses.append((local_loss(queries[place], k, k, 0.2, own), neighbor_loss(r, k, k, 0.2, own)))
    local, neighbor = (torch.stack(part).mean() for part in zip(*losses, strict=True))
    logged = dict(zip(model.metrics, metrics, strict=True))
    assert logged["negatives"] == 3 and logged["from_bank"] == 0
    torch.testing.assert_close(logged["loss_local"], local)
    torch.testing.assert_close(logged["loss_neighbor"], neighbor)
    torch.testing.assert_close(loss, local + neighbor)


@pytest.mark.parametrize(("momentum", "said", "age"), [(0.9, -1, 2), (0.99, -1, 25), (0.999, -1, 250), (0.5, -1, 1),
                                                       (0.9, 0, None), (0.9, 7, 7)])  # fmt: skip
def test_keys_serve_for_a_quarter_of_the_key_networks_memory(momentum, said, age):
    assert replace(SETTINGS, key_momentum=momentum, max_key_age=said).oldest_key() == age


def test_the_log_says_what_chance_is_and_how_many_negatives_the_bank_gave():
    model = make_model(fresh_negatives=True, bank_size=8, max_key_age=5)
    for step, (negatives, older) in enumerate([(3, 0), (6, 3)]):  # of the second step's 8 keys two are one's own
        _, metrics = model.step(Batch(1, np.arange(4)), Views(patches(4, 1), patches(4, 1), None), BatchShard.whole(4))
        logged = dict(zip(model.metrics, metrics, strict=True))
        assert (logged["negatives"], logged["from_bank"]) == (negatives, older), step
        assert logged["chance"].item() == pytest.approx(np.log(negatives + 1))
