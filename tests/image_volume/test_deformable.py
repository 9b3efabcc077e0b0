"""Attention along slices: the definition as slow loops, the package that the authors use, and its options."""

import json
import math
from pathlib import Path

import pytest
import torch

from drasclr_core.image_volume.deformable import DeformableAttention, PlainAttention
from drasclr_core.image_volume.volume_transformer import FeatureAttention, VolumeTransformer

PACKAGE = json.loads((Path(__file__).parents[1] / "fixtures" / "deformable_attention.json").read_text())
"""Outputs of the package deformable-attention 0.0.20, its sampling set to ``align_corners`` and border values."""
THEIRS = {"query.weight": "to_q.weight", "key.weight": "to_k.weight", "value.weight": "to_v.weight",
          "out.weight": "to_out.weight", "out.bias": "to_out.bias", "offsets.0.weight": "to_offsets.0.weight",
          "offsets.0.bias": "to_offsets.0.bias", "offsets.2.weight": "to_offsets.2.weight",
          "bias.layers.0.weight": "rel_pos_bias.mlp.0.0.weight", "bias.layers.0.bias": "rel_pos_bias.mlp.0.0.bias",
          "bias.layers.2.weight": "rel_pos_bias.mlp.1.0.weight", "bias.layers.2.bias": "rel_pos_bias.mlp.1.0.bias",
          "bias.layers.4.weight": "rel_pos_bias.mlp.2.weight",
          "bias.layers.4.bias": "rel_pos_bias.mlp.2.bias"}  # fmt: skip


def waves(*shape):
    """Numbers that anyone can make again."""
    return torch.sin(1.7 * torch.arange(math.prod(shape), dtype=torch.double)).view(shape)


def filled(groups, dim=16, heads=4, head_dim=4, **how):
    module = DeformableAttention(dim, heads, head_dim, groups, **how).double()
    for number, weight in enumerate(module.parameters()):
        weight.data = waves(*weight.shape) / (2 + number % 3)
    return module


def by_loops(module, x):
    """The equations of the module, for one volume [S, C], one number after the other."""
    weights, slices, groups = dict(module.named_parameters()), len(x), module.groups
    queries = x @ weights["query.weight"].T
    places, seen = [], []
    for group, (part, own) in enumerate(zip(queries.chunk(groups, 1), x.chunk(groups, 1), strict=True)):
        padded = torch.cat([0 * part[:1], part, 0 * part[:1]])
        count = (slices - module.stride) // module.stride + 1
        places.append([]), seen.append([])
        for number in range(count):
            window = padded[number * module.stride :][: module.stride + 2]
            made = (window.T * weights["offsets.0.weight"][:, 0]).sum(dim=1) + weights["offsets.0.bias"]
            made = made * (1 + torch.erf(made / math.sqrt(2))) / 2
            offset = module.reach * math.tanh(float(weights["offsets.2.weight"][0, :, 0] @ made))
            place = (number + offset) * (slices - 1) / (count - 1)
            low = min(int(min(max(place, 0), slices - 1)), slices - 2)
            share = min(max(place, 0), slices - 1) - low
            places[group].append(place)
            seen[group].append((1 - share) * own[low] + share * own[low + 1])
    whole = torch.cat([torch.stack(rows) for rows in seen], dim=1)
    keys, values = whole @ weights["key.weight"].T, whole @ weights["value.weight"].T
    heads, out = module.heads, []
    for head, (q, k, v) in enumerate(zip(*(part.chunk(heads, 1) for part in (queries, keys, values)), strict=True)):
        group, number = divmod(head, heads // groups)
        rows = []
        for row in range(slices):
            distances = x.new_tensor([[2 * (row - place) / (slices - 1)] for place in places[group]])
            bias = module.bias.layers(distances.sign() * distances.abs().log1p())[:, number]
            rows.append((k @ q[row] / math.sqrt(q.shape[1]) + bias).softmax(dim=0) @ v)
        out.append(torch.stack(rows))
    return torch.cat(out, dim=1) @ weights["out.weight"].T + weights["out.bias"]


def theirs(groups, package, patch):
    """The package's module with the same weights, and its sampling as ours."""
    sample = package.grid_sample_1d

    def ours(feats, grid, **how):
        return sample(feats, grid, **{**how, "align_corners": True, "padding_mode": "border"})

    patch.setattr(package, "grid_sample_1d", ours)
    module = package.DeformableAttention1D(dim=16, dim_head=4, heads=4, downsample_factor=2, offset_scale=1.5,
                                           offset_groups=groups, offset_kernel_size=4, group_queries=False,
                                           group_key_values=False).double()  # fmt: skip
    weights = filled(groups, stride=2, reach=1.5).state_dict()
    shapes = {name: value.shape for name, value in module.state_dict().items()}
    module.load_state_dict({THEIRS[name]: value.view(shapes[THEIRS[name]]) for name, value in weights.items()})
    return module


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_it_is_the_definition(groups):
    module, x = filled(groups, stride=2, reach=1.5), waves(2, 9, 16)
    with torch.no_grad():
        expected = torch.stack([by_loops(module, volume) for volume in x])
        torch.testing.assert_close(module(x), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_it_gives_what_the_package_gave(groups):
    with torch.no_grad():
        made = filled(groups, stride=2, reach=1.5)(waves(1, 9, 16))[0, ::4]
    torch.testing.assert_close(made, torch.tensor(PACKAGE[str(groups)], dtype=torch.double), rtol=0, atol=1e-10)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_it_gives_what_the_package_gives(groups, monkeypatch):
    package = pytest.importorskip("deformable_attention.deformable_attention_1d")
    x = waves(2, 9, 16)
    with torch.no_grad():
        expected = theirs(groups, package, monkeypatch)(x.mT).mT
        torch.testing.assert_close(filled(groups, stride=2, reach=1.5)(x), expected, rtol=0, atol=1e-12)


def test_places_without_offsets_are_even_and_reach_is_a_limit():
    module, x = filled(2, stride=4, reach=2.0), waves(3, 16, 16)
    with torch.no_grad():
        assert (module.places(x) - torch.tensor([0.0, 5, 10, 15])).abs().max() <= 2 * 5
        module.offsets[2].weight.zero_()
        torch.testing.assert_close(module.places(x), torch.tensor([0.0, 5, 10, 15]).double().expand(3, 2, 4))


def test_offsets_learn():
    module, x = filled(4, stride=4), waves(2, 16, 16)
    (module(x) * waves(2, 16, 16)).sum().backward()
    assert all(weight.grad.abs().max() > 0 for weight in module.offsets.parameters())


def test_plain_attention_is_pytorchs_with_a_bias_of_distance():
    module, x = PlainAttention(8, 2, 4).double(), waves(2, 5, 8)
    with torch.no_grad():
        place = torch.linspace(-1, 1, 5, dtype=torch.double)
        distance = place[:, None] - place
        bias = module.bias.layers((distance.sign() * distance.abs().log1p())[..., None]).permute(2, 0, 1)
        whole = torch.nn.MultiheadAttention(8, 2, bias=False, batch_first=True).double()
        whole.in_proj_weight.copy_(torch.cat([module.query.weight, module.key.weight, module.value.weight]))
        whole.out_proj.weight.copy_(module.out.weight)
        expected = whole(x, x, x, attn_mask=bias.repeat(2, 1, 1))[0] + module.out.bias
        torch.testing.assert_close(module(x), expected)


def test_the_authors_attention_runs_along_features():
    module, x = FeatureAttention(8, heads=4, head_dim=4, stride=2).double(), waves(2, 8, 10)
    with torch.no_grad():
        torch.testing.assert_close(module(x), module.attention(x.mT).mT)
    with pytest.raises(ValueError, match="made for 8 slices, not for 9"):
        module(waves(2, 9, 10))


@pytest.mark.parametrize("attention", ["deformable", "features", "plain"])
def test_a_volume_of_slices_in_another_order_is_another_volume(attention):
    network = VolumeTransformer(8, 2, 2, 4, 16, attention, stride=2, slices=8).double().eval()
    x = waves(1, 8, 8)
    with torch.no_grad():
        one, other = network.volume(x), network.volume(x.roll(3, dims=1))
    torch.testing.assert_close(one.norm(dim=1), torch.ones(1).double())
    assert (one - other).abs().max() > 1e-4


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="3 slices are fewer than the attention's stride of 4"):
        DeformableAttention(8, 2, 4)(torch.zeros(1, 3, 8))
    with pytest.raises(ValueError, match="do not divide into 3 groups"):
        DeformableAttention(8, 4, 4, groups=3)
    with pytest.raises(ValueError, match="no attention 'plane': did you mean 'plain'"):
        VolumeTransformer(8, attention="plane")
