import math
from dataclasses import replace

import pytest
import torch
from monai.transforms import AdjustContrast, Affine

from drasclr_core.model.inputs import above_air, center_views, normalise
from drasclr_core.pretrain.augment import Augmentation, adjust_contrast, affine_views, rotation_matrices

STILL = Augmentation(size=8, spacing_mm=2.0, rotate_deg=0, translate_mm=0, scale=0, noise_p=0, contrast_p=0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def patches(batch=4, channels=1, size=12, seed=0):
    return torch.randint(-1200, 400, (batch, channels, size, size, size), generator=generator(seed), dtype=torch.int16)


def test_without_randomness_a_view_is_the_centre():
    x = patches(channels=2)
    torch.testing.assert_close(STILL(x, generator()), center_views(x, 8), rtol=0, atol=2e-5)


def test_window_is_mapped_to_minus_one_and_one():
    x = torch.tensor([-2000, -1024, -392, 240, 3000], dtype=torch.int16)
    assert normalise(above_air(x)).tolist() == [-1, -1, 0, 1, 1]


@pytest.mark.parametrize("size", [13, 9])
def test_a_crop_without_a_centre_is_refused(size):
    with pytest.raises(ValueError, match="context must be even"):
        center_views(patches(size=12), size)


@pytest.mark.parametrize("seed", range(4))
def test_affine_equals_monai(seed):
    """The same angles, shifts and scales give MONAI's image (its Affine, which RandAffine calls)."""
    g = generator(seed)
    angles, shift = (torch.rand(2, 3, generator=g) * 2 - 1) * torch.tensor([[0.17], [5.0]])
    scale = 1 + (torch.rand(3, generator=g) * 2 - 1) * 0.1
    x = above_air(patches(batch=1, size=16, seed=seed))
    rotation = rotation_matrices(angles[None])
    matrix = torch.cat([rotation * scale, rotation @ shift[:, None]], dim=2)
    theirs = Affine(rotate_params=angles.tolist(), translate_params=shift.tolist(), scale_params=scale.tolist(),
                    padding_mode="border", mode="bilinear", image_only=True)(x[0])  # fmt: skip
    ours = affine_views(x, matrix, 16)[0]
    assert (ours - theirs).abs().max() < 1e-4 * 1264


def test_contrast_equals_monai():
    x = above_air(patches(batch=3, channels=2))
    gamma = torch.tensor([0.5, 1.0, 4.5])
    ours = adjust_contrast(x, gamma)
    for sample, exponent, image in zip(ours, gamma, x, strict=True):
        theirs = AdjustContrast(gamma=exponent.item())(image).as_tensor()
        torch.testing.assert_close(sample, theirs, rtol=1e-5, atol=1e-2)


def test_draws_fill_their_ranges_in_millimetres():
    augment = replace(STILL, rotate_deg=10, translate_mm=12, scale=0.1)
    matrices = augment.draw_affine(20000, generator())
    stretch = matrices[:, :, :3].norm(dim=1)
    assert stretch.min() == pytest.approx(0.9, abs=1e-3)
    assert stretch.max() == pytest.approx(1.1, abs=1e-3)
    rotation = matrices[:, :, :3] / stretch[:, None, :]
    shift = (rotation.transpose(1, 2) @ matrices[:, :, 3:])[..., 0]  # undo the rotation
    assert shift.abs().max() == pytest.approx(6, abs=1e-2)  # 12 mm are 6 voxels of 2 mm
    assert shift.std().item() == pytest.approx(6 / math.sqrt(3), rel=0.02)
    about_y = torch.asin(rotation[:, 0, 2]) * 180 / math.pi
    assert about_y.abs().max() == pytest.approx(10, abs=1e-2)
    assert about_y.std().item() == pytest.approx(10 / math.sqrt(3), rel=0.02)


def test_noise_and_contrast_come_as_often_and_as_strong_as_said():
    flat = torch.full((4000, 1, 4, 4, 4), -800, dtype=torch.int16)
    noisy = replace(STILL, size=4, noise_p=0.25)(flat, generator()) * 632
    std = noisy.flatten(1).std(dim=1)
    changed = std > 1e-2
    assert changed.float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert std[changed].mean().item() == pytest.approx(25, abs=2)

    ramp = torch.linspace(-1024, 240, 64).reshape(1, 1, 4, 4, 4).expand(4000, 1, 4, 4, 4).short()
    middle = replace(STILL, size=4, contrast_p=0.25)(ramp, generator(1)).flatten(1)[:, 31]
    changed = (middle - middle.mode().values).abs() > 1e-3
    assert changed.float().mean().item() == pytest.approx(0.25, abs=0.03)
    gamma = torch.log((middle[changed] + 1) / 2) / math.log(31 / 63)
    assert 0.5 < gamma.min() < 0.6
    assert 4.4 < gamma.max() < 4.51


def test_neighbours_of_a_subject_share_affine_and_contrast_but_subjects_do_not():
    one = patches(batch=1, channels=1)
    x = one.expand(3, 2, -1, -1, -1).contiguous()
    views = Augmentation(size=8, spacing_mm=2.0, noise_p=0, contrast_p=1)(x, generator())
    torch.testing.assert_close(views[:, 0], views[:, 1])
    assert (views[0] - views[1]).abs().max() > 0.1


def test_the_same_generator_gives_the_same_views():
    augment = Augmentation(size=8, spacing_mm=2.0)
    assert torch.equal(augment(patches(), generator(3)), augment(patches(), generator(3)))
    assert not torch.equal(augment(patches(), generator(3)), augment(patches(), generator(4)))
