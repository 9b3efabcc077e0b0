"""Detectors of encoders that are not DrasCLR's: the same loop trains them, and they are saved and loaded alike."""

from dataclasses import replace

import pytest
import torch

from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.detector.forward import box_features
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import scratch_encoder, train_detector
from drasclr_core.model import Encoder
from drasclr_core.model.genesis_unet import GenesisEncoder
from drasclr_core.model.swin import SwinEncoder

ENCODERS = {"models_genesis": lambda: GenesisEncoder(2), "swinunetr": lambda: SwinEncoder(6, [2], [1], 4)}
CONFIG = FinetuneConfig(epochs=2, batch_size=8, views=2, lr=3e-3, noise_std=0.0, density_hu=0.0)


@pytest.fixture(params=ENCODERS)
def other(request):
    torch.manual_seed(0)
    made = ENCODERS[request.param]().eval()
    made.description = {"patch_size": 8, "spacing_mm": 4.0, "hu_window": [-1024, 240]}
    return made


def train(boxes, encoder, config=CONFIG):
    torch.set_num_threads(1)
    rows, about = boxes.rows("centrilobular"), {"key": "k", "subtype": "centrilobular"}
    return train_detector(boxes, rows, encoder, config, about)


def test_a_detector_learns_saves_and_loads(planted, other, tmp_path):
    before = [parameter.clone() for parameter in other.parameters()]
    detector, log = train(planted, other)
    assert log["loss"].iloc[-1] < log["loss"].iloc[0]
    moved = [not torch.equal(old, new) for old, new in zip(before, detector.encoder.parameters(), strict=True)]
    assert all(moved), "full fine-tuning moves every weight"
    detector.save_pretrained(tmp_path / "detector")
    again = Detector.from_pretrained(tmp_path / "detector")
    assert type(again.encoder) is type(other)
    x, places = torch.rand(3, 1, 8, 8, 8) * 2 - 1, torch.zeros(3, 3)
    with torch.no_grad():
        assert torch.equal(again(x, places), detector(x, places))
    assert box_features(again.encoder, planted.patches).shape == (len(planted.patches), other.rep_dim)


@pytest.mark.parametrize(("batch_norm", "stays"), [("frozen", True), ("trained", False)])
def test_statistics_of_batch_norm_stay_only_where_they_should(planted, batch_norm, stays):
    torch.manual_seed(0)
    other = GenesisEncoder(2).eval()
    other.description = {"patch_size": 8, "spacing_mm": 4.0}
    detector, _ = train(planted, other, replace(CONFIG, epochs=1, batch_norm=batch_norm))
    assert torch.equal(detector.encoder.levels[0][1].running_mean, other.levels[0][1].running_mean) == stays


def test_a_layer_called_norm_does_not_stop_the_statistics(planted):
    """Only landmark norm, a word among an encoder's settings, keeps its own."""
    torch.manual_seed(0)
    other = GenesisEncoder(2).eval()
    other.norm, other.description = torch.nn.Identity(), {"patch_size": 8, "spacing_mm": 4.0}
    detector, _ = train(planted, other, replace(CONFIG, epochs=1))
    assert not torch.equal(detector.encoder.levels[0][1].running_mean, other.levels[0][1].running_mean)


def test_one_from_scratch_has_the_sizes_of_the_other(other):
    scratch = scratch_encoder(other, "none", 0)
    assert type(scratch) is Encoder and scratch.rep_dim == other.rep_dim
    assert scratch.description == other.description
