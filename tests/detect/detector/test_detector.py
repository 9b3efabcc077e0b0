"""A detector is its encoder and its head, on disk as in memory, and is never one that trained on the subject."""

import shutil

import pandas as pd
import pytest
import torch

from drasclr_core.detect.detector import Detector, detector_of, trained_subtypes
from drasclr_core.detect.detector.detector import FOLDS_FILE
from drasclr_core.model import Encoder
from drasclr_core.run import Run


def make(fold=0, subtype="centrilobular"):
    torch.manual_seed(fold)
    encoder = Encoder(rep_dim=8, num_experts=2).eval()
    encoder.description = {"patch_size": 8, "spacing_mm": 4.0}
    detector = Detector(encoder, description={"subtype": subtype, "fold": fold})
    torch.nn.init.normal_(detector.head.weight)
    return detector.eval()


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "run"))
    for fold in range(2):
        make(fold).save_pretrained(run.detector("drasclr_finetuned", "centrilobular", fold))
    pd.DataFrame({"sid": ["007", "b", "NA"], "fold": [1, 0, 1]}).to_csv(
        run.detectors("drasclr_finetuned") / FOLDS_FILE, index=False
    )
    return run


def test_read_back_as_written(tmp_path):
    detector, x, place = make(), torch.rand(5, 1, 8, 8, 8), torch.rand(5, 3)
    detector.save_pretrained(tmp_path / "one")
    again = Detector.from_pretrained(tmp_path / "one")
    assert not again.training and again.description == detector.description
    assert again.encoder.description["patch_size"] == 8
    torch.testing.assert_close(again(x, place), detector(x, place), rtol=0, atol=0)
    detector.save_pretrained(tmp_path / "one")  # over an older one


def test_probability_is_that_of_the_logits():
    detector, x, place = make(), torch.rand(5, 1, 8, 8, 8), torch.rand(5, 3)
    features = detector.encoder(x, place)
    expected = torch.sigmoid(detector(x, place))
    torch.testing.assert_close(detector.probability(features), expected)
    torch.testing.assert_close(detector.probability(features.detach().numpy()), expected)


def test_a_new_head_knows_nothing():
    assert torch.equal(Detector(make().encoder).probability(torch.rand(3, 8)), torch.full((3,), 0.5))


@pytest.mark.parametrize(("sid", "fold"), [("007", 1), ("b", 0), ("NA", 1), ("never annotated", 0), (None, 0)])
def test_the_fold_that_tested_the_subject(run, sid, fold):
    assert detector_of(run, "drasclr_finetuned", "centrilobular", sid).description["fold"] == fold


def test_what_is_missing_is_named(run):
    with pytest.raises(ValueError, match="panlobular"):
        detector_of(run, "drasclr_finetuned", "panlobular")
    with pytest.raises(FileNotFoundError, match="notebook 20"):
        detector_of(run, "patch_cnn", "centrilobular")
    with pytest.raises(FileNotFoundError, match=r"paraseptal-0.*notebook 20"):
        detector_of(run, "drasclr_finetuned", "paraseptal")


def test_where_only_the_detectors_for_new_subjects_travelled_those_they_trained_on_are_refused(run):
    shutil.rmtree(run.detector("drasclr_finetuned", "centrilobular", 1))
    assert trained_subtypes(run, "drasclr_finetuned") == ["centrilobular"]
    for sid in ("b", "never annotated", None):
        assert detector_of(run, "drasclr_finetuned", "centrilobular", sid).description["fold"] == 0
    with pytest.raises(FileNotFoundError, match=r"007: .* were trained on this subject"):
        detector_of(run, "drasclr_finetuned", "centrilobular", "007")
