"""Parts of the boxes, and trainings that are kept one by one."""

import numpy as np
import pytest

from drasclr_core.detect.boxes import NEGATIVE, POSITIVE
from drasclr_core.detect.training import efficiency
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.efficiency import Fit, Start, annotation_curve, part_of_boxes
from drasclr_core.run import Run


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


def test_trainings_are_kept_one_by_one(make_boxes, encoder, tmp_path, monkeypatch):
    boxes = make_boxes(subjects=8, each=2, folds=2)
    config = FinetuneConfig(epochs=1, batch_size=8, views=1, head_lr=1e-1, noise_std=0.0)
    run, starts = Run(str(tmp_path / "run")), [Start("drasclr_finetuned", encoder, config)]
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
    annotated = ((boxes.kinds("centrilobular") == POSITIVE) & (boxes.fold != 1)).sum()
    assert curve["boxes"].tolist() == [round(annotated / 2), annotated] and curve["f1"].between(0, 1).all()
    assert all((boxes.fold[rows] != 1).all() for rows in trained), "a tested subject trained"
    healthy = [(boxes.kinds("centrilobular")[rows] == NEGATIVE).sum() for rows in trained]
    assert len(set(healthy)) == 1, "healthy patches were left out"
    assert annotation_curve(run, boxes, starts, []).empty
