import pytest
import torch

from drasclr_core.model import Encoder
from drasclr_core.model.official import load_official_state


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    encoder = Encoder(rep_dim=16, num_experts=2)
    for block in encoder.blocks:  # statistics as after training
        torch.nn.init.uniform_(block.norm.running_mean, -0.1, 0.1)
        torch.nn.init.uniform_(block.norm.running_var, 0.5, 1.5)
    return encoder.eval()


@pytest.mark.parametrize("size", [8, 16, 32])
def test_any_patch_of_32_mm_becomes_rep_dim_numbers(encoder, size):
    with torch.no_grad():
        h = encoder(torch.randn(3, 1, size, size, size), torch.zeros(3))
    assert h.shape == (3, 16)
    assert h.std() > 0


def test_number_of_parameters_is_the_papers():
    def count(**sizes):
        return sum(parameter.numel() for parameter in Encoder(**sizes).parameters())

    assert count() == pytest.approx(8.2e6, rel=0.02)
    assert count(num_experts=1) == pytest.approx(1.0e6, rel=0.05)


def test_mixed_locations_keep_the_order_of_the_batch(encoder):
    x, locations = torch.randn(6, 1, 8, 8, 8), torch.rand(3, 3)[[2, 0, 1, 0, 2, 1]]
    with torch.no_grad():
        together = encoder(x, locations)
        alone = torch.cat([encoder(x[i : i + 1], locations[i]) for i in range(6)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_location_changes_the_representation(encoder):
    x = torch.randn(1, 1, 8, 8, 8)
    with torch.no_grad():
        left, right = (encoder(x, torch.tensor([side, 0.0, 0.0])) for side in (-1, 1))
    assert (left - right).abs().max() > 1e-3


def test_voxel_indices_and_large_patches_are_refused(encoder):
    with pytest.raises(ValueError, match=r"\[-1, 1\].*Atlas.scale"):
        encoder(torch.zeros(1, 1, 8, 8, 8), torch.tensor([104.0, 52, 26]))
    with pytest.raises(ValueError, match="at most 32"):
        encoder(torch.zeros(1, 1, 40, 40, 40), torch.zeros(3))


def test_a_foreign_checkpoint_is_a_clear_error(tmp_path):
    torch.save({"state_dict": {"layer1.weight": torch.zeros(1)}}, tmp_path / "resnet.pt")
    with pytest.raises(ValueError, match=r"layer1\.weight"):
        load_official_state(tmp_path / "resnet.pt")
