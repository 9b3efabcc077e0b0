"""Slices, images and views of them: what lies where, and what is drawn."""

import torch

from drasclr_core.image_volume import slices_of
from drasclr_core.image_volume.engines import Samples
from drasclr_core.image_volume.image_views import ImageDraws, draw_image_views, image_views
from drasclr_core.image_volume.joint_views import choose_slices, cut_slices
from drasclr_core.pretrain import Augmentation

AUGMENT = Augmentation(size=8, spacing_mm=4.0)


def test_slices_have_rows_along_y_and_columns_along_x():
    volume = torch.arange(24).view(1, 2, 3, 4)
    assert slices_of(volume).shape == (1, 4, 3, 2)
    assert slices_of(volume)[0, 3, 1, 0] == volume[0, 0, 1, 3]


def test_slices_are_cut_where_chosen():
    stored = torch.randint(-1024, 240, (2, 6, 6, 6)).short()
    cut = cut_slices(stored, torch.tensor([[0, 5], [2, 3]]))
    assert cut.shape == (4, 1, 6, 6)
    torch.testing.assert_close((cut[3, 0] + 1) * 632 - 1024, stored[1, :, :, 3].T.float(), atol=1e-3, rtol=0)


def test_slices_for_good_are_the_same_again_and_apart():
    numbers = torch.arange(20, 32)  # patches 5 to 7, four slices of each
    samples = Samples(numbers, torch.arange(12), 12, 99, 0)
    chosen = choose_slices(samples, 3, 28, 4, None)
    assert torch.equal(chosen, choose_slices(samples._replace(epoch=3), 3, 28, 4, None))
    assert all(len(set(row)) == 4 for row in chosen.tolist()) and chosen.max() < 28
    drawn = [choose_slices(samples, 3, 28, 4, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert torch.equal(*drawn[:2]) and not torch.equal(*drawn[1:])


def test_a_view_of_the_whole_is_the_image_and_a_mirrored_one_is_mirrored():
    image = torch.rand(2, 1, 8, 8) * 2 - 1
    whole = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).expand(2, 2, 3)
    still = ImageDraws(whole, torch.ones(2), torch.zeros(2, 1, 8, 8))
    torch.testing.assert_close(image_views(image, still), image, atol=1e-5, rtol=0)
    turned = still._replace(matrices=whole * torch.tensor([[-1.0], [1.0]]))
    torch.testing.assert_close(image_views(image, turned), image.flip(3), atol=1e-5, rtol=0)


def test_views_lie_within_the_image_and_show_the_share_that_is_asked_for():
    draws = draw_image_views(200, AUGMENT, (0.25, 1.0), torch.Generator().manual_seed(0))
    area = torch.linalg.det(draws.matrices[:, :, :2]).abs()
    assert area.min() >= 0.2499 and area.max() <= 1 and area.std() > 0.1
    reach = draws.matrices[:, :, 2].abs() + draws.matrices[:, :, :2].norm(dim=2)
    assert reach.max() < 1.42 and (torch.linalg.det(draws.matrices[:, :, :2]) < 0).float().mean() > 0.3
    part = draws.of(torch.tensor([3, 5]))
    images = torch.rand(200, 1, 20, 12) * 2 - 1
    torch.testing.assert_close(image_views(images, draws)[[3, 5]], image_views(images[[3, 5]], part))


def test_a_view_of_a_large_image_shows_no_pattern_that_is_not_there():
    augment = Augmentation(size=8, spacing_mm=2.0, noise_p=0.0, contrast_p=0.0)
    draws = draw_image_views(4, augment, (0.3, 1.0), torch.Generator().manual_seed(0))
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    board = (2.0 * ((x + y) % 2) - 1).expand(4, 1, 64, 64)
    assert image_views(board, draws).abs().max() < 1e-6
    slope = (x / 32.0 - 63 / 64).expand(4, 1, 64, 64)  # what is smooth stays as it is
    halves = torch.nn.functional.avg_pool2d(slope, 4)
    torch.testing.assert_close(image_views(slope, draws), image_views(halves, draws))
