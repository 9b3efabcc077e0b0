"""Momentum contrast: a query network that learns, and a key network that follows it (He et al. 2020)."""

from __future__ import annotations

import copy

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from drasclr_core.model.encoder import ProjectionHead
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.shards import BatchShard


class ProjectedEncoder(nn.Module):
    """f = g(e(x, p)), normalised to unit length."""

    def __init__(self, encoder: PatchEncoder, head: ProjectionHead):
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Returns embeddings [B, C] of patches [B, 1, n, n, n] at locations as `PatchEncoder.forward` takes them."""
        return F.normalize(self.head(self.encoder(x, location)), dim=1)


def key_network(query: nn.Module) -> nn.Module:
    """Returns a copy of the query network that no gradient reaches."""
    return copy.deepcopy(query).requires_grad_(False)


@torch.no_grad()
def follow(key: nn.Module, query: nn.Module, momentum: float) -> None:
    """Moves the weights of the key network: key = m key + (1 - m) query."""
    torch._foreach_lerp_(list(key.parameters()), list(query.parameters()), 1 - momentum)


@torch.no_grad()
def embed_keys(network: nn.Module, views: Tensor, locations: Tensor, shard: BatchShard) -> Tensor:
    """Returns the keys float32 [P, B, C] of the whole batch, from all processes, in the batch's order.

    Parameters
    ----------
    network : Module
        The key network.
    views : Tensor [P b, 1, n, n, n]
        Second views of the subjects ``shard.key_rows``, landmark by landmark.
    locations : Tensor [P, 3]
        Of the landmarks.
    shard : BatchShard
        Each of its parts goes through batch norm by itself.
    """
    count, sizes = len(locations), [len(part) for part in shard.key_parts]
    by_landmark = views.unflatten(0, (count, sum(sizes)))
    own = [network(part.flatten(0, 1), LocationGroups(locations, [size] * count)).unflatten(0, (count, size))
           for part, size in zip(by_landmark.split(sizes, dim=1), sizes, strict=True)]  # fmt: skip
    weight = next(network.parameters())
    keys = torch.zeros(count, shard.size, own[0].shape[-1], dtype=weight.dtype, device=weight.device)
    keys[:, torch.from_numpy(shard.key_rows).to(keys.device)] = torch.cat(own, dim=1).to(keys)
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(keys)  # every row is zero but in the process that made it
    return keys
