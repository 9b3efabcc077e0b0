"""The graph of landmarks: the authors' edges, and a convolution by its definition."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from drasclr_core.model.landmark_graph import GraphNet, graph_edges, normalised_adjacency, overlaps

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "context_ssl.json").read_text())
GRID = 26.0 * np.stack(np.meshgrid(range(4), range(3), range(3), indexing="ij"), axis=-1).reshape(-1, 3)


def test_edges_are_the_authors_on_their_landmarks(real_data):
    corners = np.load(real_data / "official_atlas/atlas_patch_loc.npy")
    assert len(corners) == FIXTURE["landmarks"]
    assert sorted(set(overlaps(corners, 32.0).round(6).ravel())) == FIXTURE["overlaps"]
    for threshold, edges in FIXTURE["edges_at"].items():
        assert len(graph_edges(corners, 32.0, float(threshold))) == edges
    edges = np.array(graph_edges(corners, 32.0, 0.13))
    assert len(edges) == FIXTURE["edges"]
    assert np.bincount(np.bincount(edges.ravel(), minlength=581)).tolist() == FIXTURE["degrees"]


@given(st.lists(st.tuples(*[st.integers(-7, 7)] * 3), min_size=2, max_size=2))
def test_overlap_is_the_share_of_counted_voxels(corners):
    """Two cubes of 6 voxels a side, moved by whole voxels."""
    filled = np.zeros((2, 20, 20, 20), dtype=bool)
    for box, corner in zip(filled, corners, strict=True):
        box[tuple(slice(at + 7, at + 13) for at in corner)] = True
    assert overlaps(np.array(corners), 6.0)[0, 1] == pytest.approx(filled.all(axis=0).sum() / 6**3)


@pytest.mark.parametrize("step", [26.0, 32.0, 56.0])
def test_on_a_grid_the_nearest_are_neighbours_however_far_apart(step):
    """As on the authors' grid of 26 mm; patches of 32 mm that do not overlap are taken larger."""
    graph = nx.Graph(graph_edges(GRID * step / 26, 32.0, 0.13))
    wanted = nx.convert_node_labels_to_integers(nx.grid_graph((3, 3, 4)), ordering="sorted")
    assert nx.is_isomorphic(graph, wanted) and graph.number_of_edges() == wanted.number_of_edges() == 75


def test_the_convolution_is_its_definition():
    """D^-1/2 (A + I) D^-1/2 X W + b, node by node from a graph of networkx, then batch norm, ELU and the mean."""
    torch.manual_seed(0)
    edges = graph_edges(GRID, 32.0, 0.13)
    graph, net, nodes = nx.Graph(edges), GraphNet(6, len(GRID), edges), torch.randn(3, len(GRID), 6)
    nn.init.normal_(net.bias)
    graph.add_edges_from((node, node) for node in range(len(GRID)))
    size = {node: len(list(graph.neighbors(node))) for node in graph}
    mapped, slow = (nodes @ net.linear.weight.T).detach(), torch.zeros_like(nodes)
    for node in graph:
        for other in graph.neighbors(node):
            slow[:, node] += mapped[:, other] / (size[node] * size[other]) ** 0.5
        slow[:, node] += net.bias.detach()
    torch.testing.assert_close(net.convolve(nodes), slow)
    normed = (slow - slow.mean(dim=(0, 1))) / (slow.var(dim=(0, 1), unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(net(nodes), nn.functional.elu(normed).mean(dim=1))


def test_a_graph_without_edges_leaves_the_nodes_alone():
    assert torch.equal(normalised_adjacency(4, []), torch.eye(4))
    assert graph_edges(np.zeros((1, 3)), 32.0, 0.13) == []
