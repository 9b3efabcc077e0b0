"""Cross-validation: every box tested once by a detector that has not seen its subject, and nothing trained twice."""

import pandas as pd
import pytest
import torch

from drasclr_core.detect.boxes.dataset import POSITIVE
from drasclr_core.detect.detector.detector import FOLDS_FILE, detector_of, trained_subtypes
from drasclr_core.detect.detector.forward import direct_probability
from drasclr_core.detect.training import cross_validation
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.cross_validation import cross_validate_detectors
from drasclr_core.run import Run

CONFIG = FinetuneConfig(epochs=1, batch_size=8, views=1, head_lr=1e-1, noise_std=0.0)
TASK = ["centrilobular"]


@pytest.fixture(scope="module")
def boxes(make_boxes):
    return make_boxes(subjects=8, each=2, folds=2)


@pytest.fixture(scope="module")
def done(boxes, encoder, tmp_path_factory):
    torch.set_num_threads(1)
    run = Run(str(tmp_path_factory.mktemp("runs") / "one"))
    return run, cross_validate_detectors(run, boxes, TASK, "drasclr_finetuned", encoder, CONFIG)


def test_every_box_is_tested_once_by_a_stranger(done, boxes):
    run, table = done
    assert sorted(table["box"]) == list(range(len(boxes.fold))) and table["task"].unique() == ["Centrilobular"]
    assert table["true"].tolist() == (boxes.kinds("centrilobular") == POSITIVE)[table["box"]].tolist()
    for sid, fold in pd.read_csv(run.detectors("drasclr_finetuned") / FOLDS_FILE).itertuples(index=False):
        assert detector_of(run, "drasclr_finetuned", "centrilobular", sid).description["fold"] == fold
        assert boxes.table.loc[boxes.table["sid"] == sid, "fold"].eq(fold).all()


def test_saved_detectors_give_the_same_probabilities(done, boxes):
    run, table = done
    detector = detector_of(run, "drasclr_finetuned", "centrilobular", "S03")
    rows = table[table["sid"] == "S03"]
    place = rows["box"].to_numpy()
    again = direct_probability(detector, boxes.patches, place)
    assert again == pytest.approx(rows["probability"].to_numpy(), abs=1e-5)


def test_finished_folds_are_not_trained_again(done, boxes, encoder, monkeypatch):
    run, table = done
    monkeypatch.setattr(cross_validation, "finetune", None)
    assert cross_validate_detectors(run, boxes, TASK, "drasclr_finetuned", encoder, CONFIG).equals(table)


def test_other_settings_are_trained_anew_and_a_killed_run_leaves_no_mixture(done, boxes, encoder, monkeypatch):
    run, _ = done

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cross_validation, "finetune", killed)
    with pytest.raises(KeyboardInterrupt):
        cross_validate_detectors(run, boxes, TASK, "drasclr_finetuned", encoder, FinetuneConfig(epochs=2))
    with pytest.raises(FileNotFoundError, match="notebook 20"):
        detector_of(run, "drasclr_finetuned", "centrilobular", "S03")


def test_detectors_of_a_subtype_that_is_not_asked_any_more_are_gone(make_boxes, encoder, tmp_path):
    """Their subjects were divided otherwise: by the new folds they would have seen those whom they describe."""
    run, kinds = Run(str(tmp_path / "run")), ("centrilobular", "healthy", "paraseptal")
    first = make_boxes(subjects=24, each=1, folds=2, kinds=kinds)
    cross_validate_detectors(run, first, [*TASK, "paraseptal"], "drasclr_finetuned", encoder, CONFIG)
    assert trained_subtypes(run, "drasclr_finetuned") == [*TASK, "paraseptal"]
    cross_validate_detectors(
        run, make_boxes(subjects=8, each=2, folds=2, seed=5), TASK, "drasclr_finetuned", encoder, CONFIG
    )
    assert trained_subtypes(run, "drasclr_finetuned") == TASK
