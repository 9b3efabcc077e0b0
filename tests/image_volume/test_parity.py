"""The losses and the clustering give the reference numbers of the authors' functions in float64."""

import pytest
import torch

from drasclr_core.image_volume.losses import masked_embedding_loss, sinkhorn, spherical_kmeans, swav_loss

from ..parity_numbers import numbers

ALLOWED = 1e-10


@pytest.fixture(scope="module")
def reference():
    return {name: torch.tensor(array) for name, array in numbers("image_volume").items()}


def assert_close(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=ALLOWED)


def test_assignments(reference):
    how = reference["epsilon"].item(), reference["iterations"].item()
    for scores, name in zip(reference["scores"].chunk(2), ("q_view1", "q_view2"), strict=True):
        assert_close(sinkhorn(scores, *how), reference[name])


def test_swapped_prediction_and_its_gradient(reference):
    scores = reference["scores"].clone().requires_grad_()
    how = (reference[name].item() for name in ("temperature", "epsilon", "iterations"))
    loss = swav_loss(*scores.chunk(2), *how)
    loss.backward()
    assert_close(loss.detach(), reference["swav_loss"])
    assert_close(scores.grad, reference["swav_grad"])


@pytest.mark.parametrize("head", range(3))
def test_spherical_kmeans(reference, head):
    rows = reference["bank"][head % 2]
    centroids, assigned = spherical_kmeans(rows, rows[reference["kmeans_init"][head]], 10)
    assert_close(centroids, reference["kmeans_centroids"][head])
    by_sample = torch.empty_like(assigned)
    by_sample[reference["bank_index"]] = assigned
    assert torch.equal(by_sample, reference["kmeans_assignments"][head])


def test_masked_embeddings_in_the_authors_form(reference):
    loss = masked_embedding_loss(reference["pred"], reference["target"], reference["mask"], over="all")
    assert_close(loss, reference["masked_loss_authors"])
