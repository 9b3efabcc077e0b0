"""Dense features: by definition, in both modes, from any conditioning, into memory and onto disk."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import zarr
from scipy import ndimage

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import Encoder
from drasclr_core.model.conditioning import CONDITIONINGS
from drasclr_core.model.context_encoder import ContextEncoder
from drasclr_core.model.contrast_unet import UNetEncoder
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.model.inputs import center_views
from drasclr_core.model.swin import SwinEncoder
from drasclr_core.represent import DenseOptions, dense_features, patch_features


@torch.no_grad()
def by_definition(scan, encoder, points) -> np.ndarray:
    """One patch at a time, with nothing but what landmarks use."""
    volume, (low, high) = scan.volume, np.array(encoder.description["location_box_mm"])
    rows = []
    for point in points:
        centre = volume.affine[:3, :3] @ point + volume.affine[:3, 3]
        patch, _ = extract_patches(volume, centre[None], encoder.description["patch_size"])
        in_atlas = (scan.to_atlas @ [*centre, 1])[:3]
        location = np.clip(2 * (in_atlas - low) / (high - low) - 1, -1, 1)
        view = center_views(torch.from_numpy(patch), encoder.description["patch_size"])[None]
        rows.append(encoder(view, torch.tensor(location, dtype=torch.float32))[0].numpy())
    return np.array(rows)


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize("size", [8, 7])  # a patch without, and with a voxel in its middle
def test_exact_is_the_definition(scan, make_encoder, conditioning, size):
    encoder = make_encoder(conditioning, size)
    dense = dense_features(scan, encoder, options=DenseOptions(stride=2, exact=True))
    np.testing.assert_array_equal(sorted(map(tuple, dense.points)), np.argwhere(scan.lungs)[_on_lattice(scan.lungs, 2)])
    expected = by_definition(scan, encoder, dense.points)
    np.testing.assert_allclose(dense.features, expected, atol=2e-5 * np.abs(expected).max())
    assert dense.error is None
    assert dense.evaluations == len(dense.points)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(GenesisEncoder, {"width": 2}), (ContextEncoder, {"rep_dim": 8, "landmarks": 3}),
     (SwinEncoder, {"feature_size": 12, "depths": (2,), "heads": (3,), "window": 2}),
     (UNetEncoder, {"rep_dim": 8, "levels": 4})],
)  # fmt: skip
def test_encoders_of_other_methods_are_their_definition_in_both_modes(scan, make_encoder, kind, settings):
    """Nothing is folded in them, and what knows the location gets each voxel's own."""
    torch.manual_seed(0)
    encoder = kind(**settings).eval()
    encoder.description = dict(make_encoder().description)
    exact = dense_features(scan, encoder, options=DenseOptions(stride=2, exact=True))
    expected = by_definition(scan, encoder, exact.points)
    assert expected.std(axis=0).max() > 0
    np.testing.assert_allclose(exact.features, expected, atol=2e-5 * np.abs(expected).max())
    fast = dense_features(scan, encoder, options=DenseOptions(stride=1, block=1, check=20))
    rows = {tuple(point): feature for point, feature in zip(fast.points, fast.features, strict=True)}
    np.testing.assert_allclose(np.array([rows[tuple(point)] for point in exact.points]), expected, atol=1e-4)


def test_an_encoder_of_whole_lungs_has_no_maps(scan, make_encoder):
    encoder = GenesisEncoder(width=2).eval()
    encoder.description = {**make_encoder().description, "sees": "volumes"}
    with pytest.raises(ValueError, match="not available for encoders of the kind GenesisEncoder"):
        dense_features(scan, encoder)


def _on_lattice(lungs, stride):
    return (np.argwhere(lungs) % stride == 0).all(axis=1)


def test_at_a_landmark_on_a_voxel_it_is_the_patch_feature(scan, make_encoder, tmp_path):
    """And between voxels: the voxel below has the same patch, at a location less than a voxel away."""
    volume, encoder = scan.volume, make_encoder()
    landmarks = np.array([[2.0, 5.0, 6.0], [9.7, 4.2, 7.4]])  # in voxels
    centres = landmarks @ volume.affine[:3, :3] + volume.affine[:3, 3]
    low, high = np.array(encoder.description["location_box_mm"])
    locations = (2 * (scan.voxels_in_atlas(landmarks) - low) / (high - low) - 1).astype(np.float32)
    patches, _ = extract_patches(volume, centres, 12)  # with context, as in the store
    store = SimpleNamespace(sids=["S0"], size=12, contents=str, read=lambda landmark, rows: patches[landmark][None])
    at_landmarks = patch_features(encoder, store, locations, tmp_path / "patch.zarr")[0]

    dense = dense_features(scan, encoder, options=DenseOptions(stride=1, exact=True))
    row = {tuple(point): feature for point, feature in zip(dense.points, dense.features, strict=True)}
    np.testing.assert_allclose(row[2, 5, 6], at_landmarks[0], atol=1e-5)

    below = np.floor(landmarks[1]).astype(int)
    there = (2 * (scan.voxels_in_atlas(below[None])[0] - low) / (high - low) - 1).astype(np.float32)
    assert (np.abs(there - locations[1]) < 2 * 4.0 / 0.9 / (high - low)).all()
    view = center_views(torch.from_numpy(patches[1]), 8)[None, None]  # the landmark's own patch
    with torch.no_grad():
        np.testing.assert_allclose(row[tuple(below)], encoder(view, torch.from_numpy(there))[0], atol=1e-5)


def test_fast_with_stride_and_block_1_is_exact(scan, make_encoder):
    encoder = make_encoder()
    exact = dense_features(scan, encoder, options=DenseOptions(stride=1, exact=True))
    fast = dense_features(scan, encoder, options=DenseOptions(stride=1, block=1))
    np.testing.assert_array_equal(fast.points, exact.points)
    np.testing.assert_allclose(fast.features, exact.features, atol=2e-5 * np.abs(exact.features).max())
    assert fast.error.max < 1e-3


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_kernels_of_a_block_are_those_of_the_middle_of_its_points(scan, make_encoder, conditioning):
    volume, encoder = scan.volume, make_encoder(conditioning)
    dense = dense_features(scan, encoder, options=DenseOptions(stride=2, block=4, check=0, batch_size=7))
    low, high = np.array(encoder.description["location_box_mm"])
    patches, _ = extract_patches(volume, dense.points @ volume.affine[:3, :3] + volume.affine[:3, 3], 8)
    middles = dense.points // 4 * 4 + 1  # of the points 0 and 2
    scaled = 2 * (scan.voxels_in_atlas(middles) - low) / (high - low) - 1
    locations = torch.from_numpy(np.clip(scaled, -1, 1).astype(np.float32))
    with torch.no_grad():
        expected = encoder(center_views(torch.from_numpy(patches), 8)[:, None], locations).numpy()
    np.testing.assert_allclose(dense.features, expected, atol=2e-5 * np.abs(expected).max())


def test_error_is_that_of_interpolation_between_the_points(scan, make_encoder):
    """Against brute force, at all lung voxels, with SciPy's interpolation."""
    from scipy.interpolate import RegularGridInterpolator

    encoder = make_encoder()
    dense = dense_features(scan, encoder, options=DenseOptions(stride=3, block=1, check=10_000))
    exact = dense_features(scan, encoder, options=DenseOptions(stride=1, exact=True))
    wider = scan._replace(lungs=ndimage.grey_dilation(scan.lungs, 7))  # with the points beside the lungs
    bordered = dense_features(wider, encoder, options=DenseOptions(stride=3, block=1, check=0))
    assert {tuple(p) for p in dense.points} < {tuple(p) for p in bordered.points}
    grid = np.full((6, 6, 6, 8), np.nan)
    grid[tuple(bordered.points.T // 3)] = bordered.features
    between = RegularGridInterpolator([np.arange(0, 18, 3)] * 3, grid)(exact.points)
    known = ~np.isnan(between).any(axis=1)  # SciPy wants also the points whose weight is zero
    assert known.mean() > 0.9
    distance = np.linalg.norm(between - exact.features, axis=1)
    distance /= np.sqrt(((exact.features - exact.features.mean(axis=0)) ** 2).sum(axis=1).mean())
    assert dense.error.voxels == len(exact.points) == (scan.lungs > 0).sum()
    assert dense.error.mean == pytest.approx(distance[known].mean(), rel=0.1)
    assert dense.error.max >= distance[known].max() * (1 - 1e-4)
    few = dense_features(scan, encoder, options=DenseOptions(stride=3, block=1, check=100))
    assert few.error.rms == pytest.approx(dense.error.rms, rel=0.25)
    assert few.evaluations < dense.evaluations


def test_streamed_to_disk_is_the_same(scan, make_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.represent.dense.rows.CHUNK", 16)
    encoder = make_encoder()
    options = DenseOptions(stride=2, check=20, batch_size=5)
    memory = dense_features(scan, encoder, options=options)
    disk = dense_features(scan, encoder, options=options, out=tmp_path / "h.zarr")
    assert isinstance(disk.features, zarr.Array)
    np.testing.assert_array_equal(disk.features[:], memory.features)
    group = zarr.open_group(tmp_path / "h.zarr", mode="r")
    np.testing.assert_array_equal(group["points"][:], memory.points)
    assert dict(group.attrs) == {"stride": 2, "block": 8}
    assert disk.error == memory.error


def test_a_killed_run_leaves_nothing(scan, make_encoder, tmp_path, monkeypatch):
    encoder = make_encoder()
    calls = iter(range(3))
    forward = encoder.forward

    def dies(*arguments):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return forward(*arguments)

    monkeypatch.setattr(encoder, "forward", dies)
    with pytest.raises(KeyboardInterrupt):
        dense_features(scan, encoder, options=DenseOptions(stride=1, exact=True, batch_size=8), out=tmp_path / "h.zarr")
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_features(make_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.represent.dense.rows.CHUNK", 256)
    volume = Volume(np.zeros((20, 20, 20), np.float32), np.diag([4.0, 4.0, 4.0, 1.0]))
    encoder = Encoder(rep_dim=512, num_experts=1).eval()
    encoder.description = make_encoder().description | {"location_box_mm": [[0, 0, 0], [80, 80, 80]]}
    scan = AlignedScan(volume, np.ones((20, 20, 20), np.uint8), np.eye(4))
    tracemalloc.start()
    dense = dense_features(scan, encoder, options=DenseOptions(stride=1, block=4, check=0), out=tmp_path / "h.zarr")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < dense.features.nbytes / 3 == 20**3 * 512 * 4 / 3


def test_locations_outside_the_atlas_are_clipped_and_counted(scan, make_encoder):
    encoder = make_encoder()
    assert dense_features(scan, encoder, options=DenseOptions(check=0)).clipped == 0
    encoder.description["location_box_mm"] = [[-10.0, -40.0, -40.0], [44.0, 44.0, 44.0]]
    dense = dense_features(scan, encoder, options=DenseOptions(stride=2, exact=True))
    assert dense.clipped == (scan.voxels_in_atlas(np.argwhere(scan.lungs))[:, 0] < -10).sum() > 0
    expected = by_definition(scan, encoder, dense.points)
    np.testing.assert_allclose(dense.features, expected, atol=2e-5 * np.abs(expected).max())


def test_a_stride_that_misses_the_lungs_gives_no_points(scan, make_encoder):
    lungs = np.zeros(scan.lungs.shape, np.uint8)
    lungs[5, 5, 5] = 1
    dense = dense_features(scan._replace(lungs=lungs), make_encoder(), options=DenseOptions(stride=4, check=0))
    assert dense.features.shape == (0, 8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lungs": np.ones((3, 3, 3), np.uint8)}, "segment the lungs of this volume"),
        ({"lungs": np.zeros((14, 12, 13), np.uint8)}, "empty"),
        ({"volume": Volume(np.zeros((14, 12, 13), np.float32), np.eye(4))}, r"load_volume\(path, spacing=4\)"),
    ],
)
def test_what_does_not_fit_is_refused(scan, make_encoder, change, message):
    with pytest.raises(ValueError, match=message):
        dense_features(scan._replace(**change), make_encoder())


@pytest.mark.parametrize(("name", "value"), [("stride", 0), ("block", 0), ("check", -1), ("stride", 1.5)])
def test_options_that_cannot_be(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}; it must be a whole number"):
        DenseOptions(**{name: value})


def test_too_few_voxels_to_check():
    with pytest.raises(ValueError, match="check is 5; it must be 0, for no check, or at least 10"):
        DenseOptions(check=5)


def test_an_encoder_that_does_not_say_what_it_is_is_refused(scan, make_encoder):
    encoder = make_encoder()
    with pytest.raises(ValueError, match=r"encoder\.eval\(\)"):
        dense_features(scan, encoder.train())
    encoder.eval().description["hu_window"] = [-1000, 0]
    with pytest.raises(ValueError, match="train it again"):
        dense_features(scan, encoder)
    encoder.description = {"patch_size": 8}
    with pytest.raises(ValueError, match=r"lacks spacing_mm, hu_window, location_box_mm.*from_pretrained"):
        dense_features(scan, encoder)
    with pytest.raises(ValueError, match="not available for encoders of the kind Flatten"):
        dense_features(scan, torch.nn.Flatten())
