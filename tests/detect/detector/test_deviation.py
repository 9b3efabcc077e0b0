"""Deviation from the healthy at the place: standard at a landmark, smooth between, from training subjects alone."""

import numpy as np
import pytest
import torch
import zarr

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.detector.deviation import DeviationEncoder, healthy_deviation
from drasclr_core.imaging.volume import Volume
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.represent.dense import DenseOptions, dense_probability
from drasclr_core.run import Run

LANDMARKS = np.array([(x, y, 0.0) for x in (-0.6, 0.0, 0.6) for y in (-0.5, 0.5)])
SIDS = ["h1", "h2", "h3", "ill"]


@pytest.fixture
def known(encoder, monkeypatch):
    monkeypatch.setitem(encoder.description, "locations", LANDMARKS.tolist())
    monkeypatch.setitem(encoder.description, "location_box_mm", [[-20.0, -20, -20], [100.0, 90, 80]])
    return encoder


@pytest.fixture
def run(tmp_path, known):
    run, rng = Run(str(tmp_path / "run")), np.random.default_rng(0)
    features = rng.normal(LANDMARKS[None, :, :1] * 5, 2, (4, len(LANDMARKS), known.rep_dim)).astype(np.float32)
    features[3] = 100
    path = run.features("drasclr") / "patch.zarr"
    array = zarr.create_array(path, shape=features.shape, dtype="float32", attributes={"sids": SIDS})
    array[:] = features
    return run


def test_healthy_training_subjects_are_standard_and_nobody_else_counts(run, known):
    deviating = healthy_deviation(run, "drasclr", known, ["h1", "h2", "h3"])
    features = torch.from_numpy(zarr.open_array(run.features("drasclr") / "patch.zarr")[:3]).flatten(0, 1)
    places = torch.tensor(LANDMARKS, dtype=torch.float32).repeat(3, 1)
    found = deviating.deviation(features, places).reshape(3, len(LANDMARKS), -1)
    assert found.mean().abs() < 0.05 and found.std() == pytest.approx(1, abs=0.25)
    # Without the mean at the place, the three columns of landmarks would differ by 3 in units of 2.
    assert found.mean(dim=(0, 2)).abs().max() < 0.7


def test_between_landmarks_it_is_smooth(run, known):
    deviating = healthy_deviation(run, "drasclr", known, ["h1", "h2", "h3"])
    line = torch.zeros(101, 3)
    line[:, 0] = torch.linspace(-1, 1, 101)
    found = deviating.deviation(torch.zeros(101, known.rep_dim), line)
    assert found.diff(dim=0).abs().max() < 0.35 and found.isfinite().all()


def test_it_works_on_dense_maps(run, known):
    """The fast map folds batch norm and shares kernels; the exact one asks the encoder as it is."""
    deviating = healthy_deviation(run, "drasclr", known, ["h1", "h2", "h3"])
    array = np.random.default_rng(1).normal(-850, 60, (20, 20, 20)).astype(np.float32).round()
    lungs = np.zeros(array.shape, np.uint8)
    lungs[7:12, 7:12, 7:12] = 1
    scan = AlignedScan(Volume(array, np.diag([4.0, 4.0, 4.0, 1.0])), lungs, np.eye(4))
    detector = Detector(deviating)
    torch.manual_seed(0)
    torch.nn.init.normal_(detector.head.weight)
    every = [dense_probability(scan, deviating, detector.eval().probability, options=options).probability
             for options in (DenseOptions(exact=True), DenseOptions(stride=1, block=1, check=0))]  # fmt: skip
    np.testing.assert_allclose(every[0], every[1], atol=1e-3)
    assert np.nanstd(every[0]) > 0.01


def test_what_is_missing_is_named(run, known, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"patch.zarr is missing.*notebook 07"):
        healthy_deviation(Run(str(tmp_path / "other")), "drasclr", known, SIDS)
    zarr.open_array(run.features("drasclr") / "patch.zarr").attrs["encoder"] = "0" * 64
    with pytest.raises(ValueError, match="made by another encoder"):
        healthy_deviation(run, "drasclr", known, ["h1", "h2", "h3"])
    zarr.open_array(run.features("drasclr") / "patch.zarr").attrs["encoder"] = weights_fingerprint(known)
    with pytest.raises(ValueError, match="1 of 2 healthy"):
        healthy_deviation(run, "drasclr", known, ["h1", "unknown"])
    known.description["locations"] = known.description["locations"][1:]
    with pytest.raises(ValueError, match="other landmarks"):
        healthy_deviation(run, "drasclr", known, SIDS)


def test_a_feature_that_healthy_subjects_share_does_not_blow_up(known):
    variance = np.ones((len(LANDMARKS), known.rep_dim))
    variance[2] = 0
    deviating = DeviationEncoder(known, np.zeros_like(variance), variance)
    place = torch.tensor(LANDMARKS[2:3], dtype=torch.float32)
    assert deviating.deviation(torch.ones(1, known.rep_dim), place).abs().max() <= 10.5
