"""Reliability: of probabilities that are right, wrong, and right by luck only."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.detect.scoring.reliability import calibration_errors, reliability_curve


def table(probability, true):
    return pd.DataFrame({"method": "x", "task": "Paraseptal", "true": true, "probability": probability})


def test_by_hand():
    curve = reliability_curve(table([0.95, 0.95, 0.15, 0.95], [True, True, False, False])).set_index("bin")
    # Each annotated box weighs a quarter, each healthy one too.
    assert curve.loc[9, ["predicted", "observed", "weight", "boxes"]].tolist() == pytest.approx([0.95, 2 / 3, 0.75, 3])
    assert curve.loc[1, "observed"] == 0
    errors = calibration_errors(table([0.95, 0.95, 0.15, 0.95], [True, True, False, False]))
    assert errors["error"].item() == pytest.approx(0.25 * 0.15 + 0.75 * (0.95 - 2 / 3))


def drawn(count, prior, seed=0):
    """Boxes of a detector whose probabilities hold at equal labels, at a share `prior` of annotated ones."""
    rng = np.random.default_rng(seed)
    true = rng.random(count) < prior
    score = rng.normal(np.where(true, 1.0, -1.0), 1)
    return table(1 / (1 + np.exp(-2 * score)), true)


@pytest.mark.parametrize("prior", [0.5, 0.15])
def test_right_probabilities_reach_the_floor_whatever_the_share_of_annotated_boxes(prior):
    large = calibration_errors(drawn(40000, prior)).iloc[0]
    assert large["error"] < 0.02 and large["floor"] < 0.02
    small = [calibration_errors(drawn(60, prior, seed)).iloc[0] for seed in range(20)]
    error, floor = (np.mean([one[name] for one in small]) for name in ("error", "floor"))
    assert floor == pytest.approx(error, rel=0.35) and floor > 0.02, "few boxes miss by luck"


def test_wrong_probabilities_lie_above_the_floor():
    made = drawn(400, 0.4)
    bold = table(np.where(made["probability"] > 0.5, 0.999, 0.001), made["true"])
    row = calibration_errors(bold).iloc[0]
    assert row["error"] > 5 * row["floor"] and row["error"] > 0.1
