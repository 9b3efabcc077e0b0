"""The U-Net of DomainCLR: its sizes, padding, and what is kept of it."""

import pytest
import torch
from torch import nn

from drasclr_core.methods import load_encoder
from drasclr_core.model.contrast_unet import RegionDecoder, UNetEncoder, convolved, levels_for, widths


def test_the_published_widths_and_levels_by_patch():
    assert widths(128, 6) == (16, 32, 64, 128, 128, 128)
    assert [levels_for(size) for size in (8, 16, 32, 192)] == [4, 5, 6, 6]
    with pytest.raises(ValueError, match="8 voxels a side"):
        UNetEncoder(128, levels_for(4))


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_deepest_map_of_its_own_patches_is_one_voxel_and_others_are_taken(size, tmp_path):
    torch.manual_seed(0)
    encoder = UNetEncoder(16, levels_for(size)).eval()
    encoder.save_pretrained(tmp_path)
    loaded = load_encoder(tmp_path)
    for edge in (8, 16):
        views = torch.rand(2, 1, edge, edge, edge) * 2 - 1
        features = encoder(views, torch.zeros(3))
        assert features.shape == (2, 16) and torch.equal(features, loaded(views, torch.zeros(3)))
    maps = encoder.maps(torch.rand(2, 1, size, size, size))
    assert [one.shape[-1] for one in maps] == [size >> level for level in range(encoder.levels)]
    assert maps[-1].shape[-1] == 1


def test_an_even_kernel_reaches_upwards_as_tensorflow_pads():
    conv = nn.Sequential(*convolved(1, 1, 2, bias=False)[:2])
    nn.init.ones_(conv[1].weight)
    x = torch.zeros(1, 1, 3, 3, 3)
    x[0, 0, 2, 2, 2] = 1
    assert conv(x).nonzero()[:, 2:].min(dim=0).values.tolist() == [1, 1, 1] and conv(x).shape == x.shape


def test_a_region_is_a_linear_map_of_its_voxels():
    torch.manual_seed(0)
    encoder, decoder = UNetEncoder(16, 5).eval(), RegionDecoder(16, 5, 3, 3, 4).eval()
    maps = encoder.maps(torch.rand(2, 1, 16, 16, 16))
    starts = torch.tensor([[0, 0, 0], [5, 2, 3]])
    seen = []
    decoder.project.register_forward_hook(lambda *arguments: seen.append(arguments[-1]))
    embedded = decoder(maps, starts)
    assert seen[0].shape[2:] == (8, 8, 8), "three blocks above one voxel"
    for row, (x, y, z) in enumerate(starts.tolist()):
        flat = seen[0][:, :, x : x + 3, y : y + 3, z : z + 3].flatten(1)
        wanted = nn.functional.normalize(flat @ decoder.embed.weight.flatten(1).T, dim=1)
        torch.testing.assert_close(embedded[:, row], wanted)
