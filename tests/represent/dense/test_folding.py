import pytest
import torch
from torch import nn

from drasclr_core.model import Encoder
from drasclr_core.model.conditioning import CONDITIONINGS
from drasclr_core.represent.dense import fold_batch_norm


def used_encoder(conditioning: str = "loc-condconv") -> Encoder:
    """In float64, with batch norms that are not at their starting values."""
    torch.manual_seed(0)
    encoder = Encoder(rep_dim=8, num_experts=3, conditioning=conditioning).double().eval()
    for block in encoder.blocks:
        block.norm.running_mean.normal_()
        block.norm.running_var.uniform_(0.2, 3)
        nn.init.normal_(block.norm.weight, 1, 0.5)
        nn.init.normal_(block.norm.bias)
    return encoder


@torch.no_grad()
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize("size", [8, 16])  # with 8 voxels the last kernels see one voxel only
def test_folded_is_the_same_function(conditioning, size):
    encoder = used_encoder(conditioning)
    x = torch.randn(6, 1, size, size, size, dtype=torch.float64)
    locations = torch.rand(6, 3, dtype=torch.float64) * 2 - 1
    expected = encoder(x, locations)
    folded = fold_batch_norm(encoder)
    torch.testing.assert_close(folded(x, locations), expected, rtol=1e-9, atol=1e-9)
    assert not any(isinstance(module, nn.BatchNorm3d) for module in folded.modules())
    torch.testing.assert_close(encoder(x, locations), expected, rtol=0, atol=0)  # itself unchanged


def test_batch_norm_in_train_mode_cannot_be_folded():
    with pytest.raises(ValueError, match=r"encoder\.eval\(\)"):
        fold_batch_norm(used_encoder().train())
