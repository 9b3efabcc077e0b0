"""Clustering engines: their losses by definition, prototypes that rest or learn, and a memory that is kept."""

import math

import pytest
import torch
import torch.nn.functional as F

from drasclr_core.image_volume import DeepCluster, SwAV, spherical_kmeans, swav_loss
from drasclr_core.image_volume.engines import Samples, in_use


def unit(seed, rows=12, length=6):
    return F.normalize(torch.randn(rows, length, generator=torch.Generator().manual_seed(seed)), dim=1)


def samples(numbers, epoch=0, total=24):
    numbers = torch.as_tensor(numbers)
    return Samples(numbers, torch.arange(len(numbers)), len(numbers), total, epoch)


def test_swav_is_the_swapped_loss_of_cosines():
    engine, first, second = SwAV(6, 5), unit(0), unit(1)
    engine.prototypes.data *= 7
    loss, used = engine(first, second, samples(range(12)))
    torch.testing.assert_close(engine.prototypes.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(loss, swav_loss(first @ engine.prototypes.T, second @ engine.prototypes.T))
    assert 1 / 5 < used <= 1 and engine.guessing == math.log(5)


@pytest.mark.parametrize("kind", [SwAV, DeepCluster])
def test_frozen_prototypes_get_no_gradient_and_embeddings_do(kind):
    engine = kind(6, 4)
    for frozen in (True, False):
        first = unit(0).requires_grad_()
        engine(first, unit(1), samples(range(12)), frozen)[0].backward()
        assert first.grad.abs().max() > 0
        assert (engine.prototypes.grad is None) == frozen


def test_deepcluster_tells_the_clusters_that_kmeans_found():
    engine, first, second = DeepCluster(6, 4, heads=3), unit(0), unit(1)
    loss, _ = engine(first, second, samples(range(12)))
    expected = []
    for head, prototypes in enumerate(engine.prototypes.detach()):
        seen = (first, second)[head % 2]
        again, assigned = spherical_kmeans(seen, prototypes, 0)
        assert torch.equal(assigned, engine.memory["clusters"][head, :12])
        torch.testing.assert_close(spherical_kmeans(seen, again, 1)[0], prototypes)
        expected += [F.cross_entropy(view @ prototypes.T / 0.1, assigned) for view in (first, second)]
    torch.testing.assert_close(loss, torch.stack(expected).mean())
    assert (engine.memory["clusters"][:, 12:] == -1).all()


def test_deepcluster_guesses_until_it_knows_enough_and_then_assigns_who_comes_new():
    engine = DeepCluster(6, 4, heads=2)
    loss, _ = engine(unit(0, 7).requires_grad_(), unit(1, 7), samples(range(7)))
    assert loss.item() == pytest.approx(math.log(4)) and engine.clustered == -1
    loss.backward()
    engine(unit(2, 7), unit(3, 7), samples(range(7, 14)))
    prototypes = engine.prototypes.detach().clone()
    first, second = unit(4, 5), unit(5, 5)
    loss, _ = engine(first, second, samples(range(14, 19)))
    assert torch.equal(prototypes, engine.prototypes), "19 samples are less than twice 14"
    expected = []
    for head, seen in enumerate((first, second)):
        nearest = (seen @ prototypes[head].T).argmax(dim=1)
        expected += [F.cross_entropy(view @ prototypes[head].T / 0.1, nearest) for view in (first, second)]
    torch.testing.assert_close(loss, torch.stack(expected).mean())
    engine(first, second, samples(range(14, 19), epoch=1))
    assert engine.clustered == 1 and (engine.memory["clusters"][:, :19] >= 0).all()


def test_while_the_memory_fills_deepcluster_clusters_again_as_it_doubles():
    """A first epoch may be the only one: the clusters of its first samples do not stay."""
    engine, made = DeepCluster(6, 2, heads=1), []
    for start in range(0, 40, 4):
        before = engine.prototypes.detach().clone()
        engine(unit(start, 4), unit(start + 1, 4), samples(range(start, start + 4), total=48))
        made += [start + 4] if not torch.equal(before, engine.prototypes) else []
    assert made == [4, 8, 16, 32]
    before = engine.prototypes.detach().clone()
    engine(unit(0, 4), unit(1, 4), samples(range(4), total=48))
    assert torch.equal(before, engine.prototypes), "samples that it knows fill no memory"


def test_a_memory_goes_with_the_state(tmp_path):
    engine, other = DeepCluster(6, 4), DeepCluster(6, 4)
    engine(unit(0), unit(1), samples(range(12)))
    torch.save(engine.state_dict(), tmp_path / "state.pt")
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    made = [one(unit(2), unit(3), samples(range(6, 18)))[0] for one in (engine, other)]
    assert torch.equal(*made)


def test_share_in_use():
    assert in_use(torch.eye(4) * 100).item() == pytest.approx(1)
    assert in_use(torch.tensor([[100.0, 0, 0, 0]]).repeat(5, 1)).item() == pytest.approx(1 / 4)
