"""Views of DomainCLR: which part is shown, and what happens to its intensities."""

import numpy as np
import torch
from scipy.ndimage import map_coordinates

from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain.crops import CropDraws, crop_views, draw_crops

STORED = torch.from_numpy(np.random.default_rng(0).integers(-1000, 200, (6, 12, 12, 12)).astype(np.int16))


def draws(shift=0.0, brightness=0.0, contrast=1.0):
    return CropDraws(torch.full((6, 3), shift), torch.full((6,), brightness), torch.full((6,), contrast))


def test_all_of_a_patch_unchanged_is_what_the_encoder_sees():
    torch.testing.assert_close(crop_views(STORED, 8, 1.0, draws())[:, 0], center_views(STORED, 8), atol=1e-5, rtol=0)


def test_a_part_is_enlarged_as_scipy_does():
    """Half of the edge, moved to the upper corner of the patch, which ends at 9.5 voxels of the 12 that are stored."""
    shown = crop_views(STORED, 8, 0.5, draws(shift=0.5))[0, 0]
    middle = 5.5 + (1 - 0.5) * 8 * 0.5  # of the part, in voxels of what is stored
    at = middle + 0.5 * (np.arange(8) - 3.5)
    assert at.max() + 0.25 == 9.5
    grid = np.stack(np.meshgrid(at, at, at, indexing="ij"))
    wanted = map_coordinates(STORED[0].numpy().astype(float) + 1024, grid, order=1) / 632 - 1
    np.testing.assert_allclose(shown, wanted, atol=1e-4)


def test_brightness_and_contrast_are_of_a_patch_in_0_to_1():
    plain = (center_views(STORED, 8) + 1) / 2
    bright = (crop_views(STORED, 8, 1.0, draws(brightness=0.2))[:, 0] + 1) / 2
    torch.testing.assert_close(bright, plain + 0.2, atol=1e-5, rtol=0)
    strong = (crop_views(STORED, 8, 1.0, draws(contrast=1.3))[:, 0] + 1) / 2
    mean = plain.mean(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(strong, ((plain - mean) * 1.3 + mean).clamp(0, 1.5), atol=1e-5, rtol=0)
    assert crop_views(STORED, 8, 1.0, draws(brightness=2.0)).max() == 2


def test_draws_fill_their_ranges():
    made = draw_crops(4000, torch.Generator().manual_seed(0), 0.3, 0.3)
    for drawn, low, high in zip(made, (-0.5, -0.3, 0.7), (0.5, 0.3, 1.3), strict=True):
        assert low <= drawn.min() < low + 0.01 and high - 0.01 < drawn.max() <= high
