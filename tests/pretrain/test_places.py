"""Places between landmarks are where their patches are."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from drasclr_core.model import Encoder
from drasclr_core.model.inputs import HU_WINDOW
from drasclr_core.model.landmark_norm import LandmarkNorm
from drasclr_core.pretrain.places import measured_places
from drasclr_core.pretrain.statistics import estimate_statistics, voxel_in_locations

SIZE, STORED, SPACING, STEP = 8, 12, 4.0, 20.0  # margin 2 voxels of 4 mm, of 10 mm to the middle
BOX = np.array([[-60.0, -40, -30], [60, 60, 50]])
GRID_MM = np.array(list(product((-20.0, 0, 20), (0.0, 20), (0.0, 20))))
LOCATIONS = 2 * (GRID_MM - BOX[0]) / (BOX[1] - BOX[0]) - 1
VOXEL = voxel_in_locations(SPACING, BOX)


def millimetres(location):
    return BOX[0] + (location + 1) / 2 * (BOX[1] - BOX[0])


def field(points):
    """A linear function of place, in HU within the window."""
    return -400 + points @ np.array([3.0, -2.0, 5.0])


def store_of(subjects=4):
    ticks = (np.arange(STORED) - (STORED - 1) / 2) * SPACING
    inside = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1)
    patches = np.stack([field(point + inside) for point in GRID_MM]).round().astype(np.int16)

    def read(landmark, people):
        return np.repeat(patches[landmark][None], len(people), axis=0)

    return SimpleNamespace(size=STORED, sids=[f"S{number}" for number in range(subjects)], read=read)


def test_there_are_the_landmarks_and_every_middle_between_them():
    places = measured_places(LOCATIONS, VOXEL, margin=2)
    assert np.allclose([place.location for place in places[: len(LOCATIONS)]], LOCATIONS)
    between = np.array([millimetres(place.location) for place in places[len(LOCATIONS) :]])
    assert len(between) == 5 * 3 * 3 - len(LOCATIONS)  # half steps of a grid of 3 x 2 x 2
    assert np.abs(between - [10, 10, 10]).sum(axis=1).min() < 1e-6  # the middle of eight landmarks
    middle = next(place for place in places if np.allclose(millimetres(place.location), 10))
    assert len(middle.landmarks) == 8 and set(np.abs(middle.offsets).ravel()) == {2}


@pytest.mark.parametrize(("voxel", "margin"), [(None, 2), (VOXEL, 1), (VOXEL, 0)])
def test_without_margin_there_are_the_landmarks_only(voxel, margin):
    assert len(measured_places(LOCATIONS, voxel, margin)) == len(LOCATIONS)


def test_an_axis_against_that_of_the_patches_turns_the_offsets_round():
    turned = VOXEL * [-1, 1, 1]
    for place, mirrored in zip(
        measured_places(LOCATIONS, VOXEL, 2), measured_places(LOCATIONS, turned, 2), strict=True
    ):
        assert np.array_equal(place.offsets * [-1, 1, 1], mirrored.offsets)
        assert np.allclose(place.location, mirrored.location)


def test_kept_statistics_are_those_of_the_tissue_at_the_place():
    """In a field that is linear in the place, the first layer's mean, of a convolution of ones, is the field there."""
    torch.manual_seed(0)
    encoder = Encoder(8, 1, "none", norm="landmark", landmarks=len(LOCATIONS))
    conv = encoder.blocks[0].conv
    with torch.no_grad():
        conv.weight.zero_(), conv.bias.zero_()
        conv.weight[..., 1, 1, 1] = 1.0  # hands the patch on
    locations = torch.tensor(LOCATIONS, dtype=torch.float32)
    estimate_statistics(encoder, store_of(), locations, SIZE, voxel=VOXEL)
    norm, nodes = encoder.blocks[0].norm, encoder.interpolation.nodes
    assert isinstance(norm, LandmarkNorm) and len(nodes) == len(norm.means) == encoder.landmarks == 45
    kept = (encoder.interpolation(nodes) @ norm.means)[:, 0].numpy()
    low, high = HU_WINDOW
    expected = (field(millimetres(nodes.double().numpy())) - low) / ((high - low) / 2) - 1
    assert np.abs(kept - expected).max() < 2e-3  # HU are whole numbers


def test_an_encoder_with_places_between_travels(tmp_path):
    torch.manual_seed(0)
    encoder = Encoder(8, 2, norm="landmark", landmarks=len(LOCATIONS))
    estimate_statistics(encoder, store_of(), torch.tensor(LOCATIONS, dtype=torch.float32), SIZE, voxel=VOXEL)
    encoder.save_pretrained(tmp_path)
    again, x, p = Encoder.from_pretrained(tmp_path), torch.randn(2, 1, 8, 8, 8), torch.tensor([0.1, 0.2, -0.1])
    assert torch.equal(again(x, p), encoder(x, p))
