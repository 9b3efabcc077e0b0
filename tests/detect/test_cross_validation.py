"""Cross-validation: every box tested once by a detector that has not seen its subject, and nothing trained twice."""

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.detect import cross_validation, efficiency
from drasclr_core.detect.config import FinetuneConfig
from drasclr_core.detect.cross_validation import cross_validate_detectors, direct_probability
from drasclr_core.detect.detector import detector_of, folds_file
from drasclr_core.detect.efficiency import Fit, Start, annotation_curve, part_of_boxes
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
    assert table["true"].tolist() == boxes.labels()[table["box"]].tolist()
    for sid, fold in pd.read_csv(folds_file(run, "drasclr_finetuned")).itertuples(index=False):
        assert detector_of(run, "drasclr_finetuned", "centrilobular", sid).description["fold"] == fold
        assert boxes.table.loc[boxes.table["sid"] == sid, "fold"].eq(fold).all()


def test_saved_detectors_give_the_same_probabilities(done, boxes):
    run, table = done
    detector = detector_of(run, "drasclr_finetuned", "centrilobular", "S03")
    rows = table[table["sid"] == "S03"]
    place = rows["box"].to_numpy()
    again = direct_probability(detector, boxes, place)
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


@pytest.mark.parametrize("seed", range(4))
def test_parts_are_nested_and_of_two_subjects(seed):
    sids = np.repeat(["a", "b", "c"], [8, 1, 1])
    smaller = part_of_boxes(sids, 0.1, seed)
    assert len(smaller) == 2 and len(set(sids[smaller])) == 2
    for share in (0.3, 0.5, 1.0):
        larger = part_of_boxes(sids, share, seed)
        assert set(smaller) <= set(larger) and len(larger) == round(10 * share)
        smaller = larger
    with pytest.raises(ValueError, match="between 0 and 1"):
        part_of_boxes(sids, 0.0, seed)


def test_trainings_are_kept_one_by_one(boxes, encoder, tmp_path, monkeypatch):
    run, starts = Run(str(tmp_path / "run")), [Start("drasclr_finetuned", encoder, CONFIG)]
    fits = [Fit("drasclr_finetuned", "centrilobular", share, 0, 1) for share in (0.5, 1.0)]
    trained, real = [], efficiency.train_detector

    def counted(*arguments):
        trained.append(arguments[1])
        if len(trained) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(efficiency, "train_detector", counted)
    with pytest.raises(KeyboardInterrupt):
        annotation_curve(run, boxes, starts, fits)
    curve = annotation_curve(run, boxes, starts, fits)
    assert len(trained) == 3 and len(curve) == 2
    annotated = (boxes.labels() & (boxes.fold != 1)).sum()
    assert curve["boxes"].tolist() == [round(annotated / 2), annotated] and curve["f1"].between(0, 1).all()
    assert all((boxes.fold[rows] != 1).all() for rows in trained), "a tested subject trained"
    healthy = [(~boxes.labels()[rows]).sum() for rows in trained]
    assert len(set(healthy)) == 1, "healthy patches were left out"
    assert annotation_curve(run, boxes, starts, []).empty
