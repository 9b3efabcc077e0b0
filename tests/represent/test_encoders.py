"""Which encoders of a cohort can be shown the same patches."""

import torch

from drasclr_core.model import Encoder
from drasclr_core.model.resnet import ResNetEncoder
from drasclr_core.represent.encoders import found_encoders
from drasclr_core.run import Run

ABOUT = {"patch_size": 8, "spacing_mm": 4.0, "location_box_mm": [[-40.0, -40.0, -40.0], [44.0, 44.0, 44.0]]}


def save(run, name, **changes):
    torch.manual_seed(len(name))
    Encoder(rep_dim=8, num_experts=2).save_pretrained(run.pretrain(name), **ABOUT | changes)


def test_all_that_take_the_same_patches_in_the_order_of_the_tables(tmp_path):
    run = Run(str(tmp_path / "run"))
    save(run, "toy")
    save(run, "drasclr_local")
    save(run, "drasclr")
    save(run, "coarse", spacing_mm=8.0)
    save(run, "other_atlas", location_box_mm=[[0.0, 0.0, 0.0], [50.0, 50.0, 50.0]])
    run.pretrain("unfinished").mkdir()
    encoders, left_out = found_encoders(run, [], ABOUT)
    assert list(encoders) == ["toy", "drasclr_local", "drasclr"]
    assert "spacing_mm differs" in left_out["coarse"] and "location_box_mm differs" in left_out["other_atlas"]
    assert not any(encoder.training for encoder in encoders.values()) and len(left_out) == 2


def test_an_encoder_of_whole_lungs_has_no_features_of_patches(tmp_path):
    run = Run(str(tmp_path / "run"))
    save(run, "drasclr")
    ResNetEncoder(10, 2).save_pretrained(run.pretrain("moco"), **ABOUT, sees="volumes")
    encoders, left_out = found_encoders(run, [], ABOUT)
    assert list(encoders) == ["drasclr"]
    assert left_out == {"moco": "it sees whole lungs at once and has no features of patches"}


def test_only_those_that_are_named(tmp_path):
    run = Run(str(tmp_path / "run"))
    save(run, "drasclr")
    save(run, "toy")
    encoders, left_out = found_encoders(run, ["toy", "moco"], ABOUT)
    assert list(encoders) == ["toy"] and list(left_out) == ["moco"] and "06_pretrain" in left_out["moco"]
