import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.model import Encoder
from drasclr_core.model.landmark_norm import LandmarkInterpolation, LandmarkNorm
from drasclr_core.model.locconv import LocationGroups

GRID = torch.tensor([[x, y, z] for x in (-1.0, 0, 1) for y in (-1.0, 0, 1) for z in (-0.5, 0.5)])


def interpolation():
    made = LandmarkInterpolation(len(GRID))
    made.place(GRID)
    return made


@given(point=st.lists(st.floats(-1, 1), min_size=3, max_size=3))
@settings(deadline=None)
def test_shares_are_positive_sum_to_one_and_change_smoothly(point):
    shares, place = interpolation(), torch.tensor(point)
    here = shares(place)
    assert (here >= 0).all() and here.sum().item() == pytest.approx(1, abs=1e-5)
    assert (shares(place + 1e-3) - here).abs().sum() < 0.05


def test_interpolation_is_exact_at_the_landmarks_and_between_them_is_between():
    shares, wanted = interpolation(), torch.randn(len(GRID), 5, generator=torch.Generator().manual_seed(0))
    values = shares.values_for(wanted)
    torch.testing.assert_close(shares(GRID) @ values, wanted, rtol=1e-4, atol=1e-4)
    first, second = 0, 6  # neighbours along x
    middle = shares((GRID[first] + GRID[second]) / 2) @ values
    low, high = torch.minimum(wanted[first], wanted[second]), torch.maximum(wanted[first], wanted[second])
    assert ((middle > low - 0.6) & (middle < high + 0.6)).all()


def test_is_batch_norm_while_it_trains_and_an_affine_map_after():
    norm, x = LandmarkNorm(4, len(GRID)), torch.randn(6, 4, 3, 3, 3)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2), norm.bias.normal_()
    expected = F.batch_norm(x, None, None, norm.weight, norm.bias, training=True)
    assert torch.equal(norm(x), expected)
    shares = interpolation()
    variance, mean = torch.var_mean(x, dim=(0, 2, 3, 4), correction=0)
    norm.means.copy_(mean.expand_as(norm.means))
    norm.log_variances.copy_(variance.log().expand_as(norm.log_variances))
    torch.testing.assert_close(norm.eval()(x, shares(GRID[3])), expected, rtol=1e-4, atol=1e-4)
    groups = norm(x, shares(GRID[:2]), [2, 4])
    torch.testing.assert_close(groups, expected, rtol=1e-4, atol=1e-4)


def test_in_training_every_landmark_of_a_batch_is_normalised_by_itself():
    torch.manual_seed(0)
    encoder, x = Encoder(8, 2, norm="landmark", landmarks=len(GRID)), torch.randn(12, 1, 8, 8, 8)
    together = encoder(x, LocationGroups(GRID[:3], [4, 4, 4]))
    alone = torch.cat([encoder(part, place) for part, place in zip(x.split(4), GRID[:3], strict=True)])
    assert torch.equal(together, alone)
    mixed = torch.from_numpy(np.random.default_rng(0).permutation(12))
    torch.testing.assert_close(
        encoder(x[mixed], GRID[:3].repeat_interleave(4, dim=0)[mixed])[mixed.argsort()], alone, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize(("norm", "landmarks"), [("landmark", 0), ("batch", 5), ("instance", 0)])
def test_norms_that_do_not_exist_or_lack_landmarks_are_refused(norm, landmarks):
    with pytest.raises(ValueError, match="norm"):
        Encoder(norm=norm, landmarks=landmarks)


@pytest.mark.parametrize("norm", ["landmark", "group"])
def test_an_encoder_travels_with_its_norm(norm, tmp_path):
    torch.manual_seed(0)
    encoder = Encoder(8, 2, norm=norm, landmarks=len(GRID) if norm == "landmark" else 0)
    if encoder.interpolation is not None:
        encoder.interpolation.place(GRID)
        for module in encoder.modules():
            if isinstance(module, LandmarkNorm):
                module.means.normal_(), module.log_variances.normal_()
    encoder.eval().save_pretrained(tmp_path)
    again, x = Encoder.from_pretrained(tmp_path), torch.randn(2, 1, 8, 8, 8)
    assert torch.equal(again(x, GRID[1] * 0.7), encoder(x, GRID[1] * 0.7))
