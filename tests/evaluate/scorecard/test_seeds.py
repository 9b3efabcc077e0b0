"""Claims about trainings with several seeds: intervals by hand, verdicts, what is missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drasclr_core.evaluate.scorecard.board import scorecard
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.verdicts import (
    NOT_REPRODUCED,
    REPRODUCED,
    RULES,
    UNDECIDED,
    UNTESTABLE,
    verdict_of,
)
from drasclr_core.paper import joint_claims

SAID = joint_claims()
DICE, CPM = ("Heart structures", "Dice"), ("Lung nodules", "CPM, fine-tuned")
FIRST = (DICE, CPM, ("Abnormal radiographs", "AUC abnormal, fine-tuned"), ("Brain tumours", "Dice whole tumour"))


def write_seeds(folder, cells):
    """``joint_tasks_folds.csv`` from (task, metric, method, values of the seeds)."""
    rows = [{"method": method, "task": task, "metric": metric, "repeat": seed // 3, "fold": seed % 3, "value": value,
             "n_train": 16, "n_test": 8}
            for (task, metric), method, values in cells for seed, value in enumerate(values)]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "joint_tasks_folds.csv", index=False)
    return folder


def judged(folder, claim):
    board, found = scorecard(SAID[SAID["id"] == claim], folder)
    return board.iloc[0], found


def test_the_interval_by_hand(tmp_path):
    values = {"random": [0.5, 0.6, 0.4], "joint": [0.6, 0.7, 0.6]}
    board, found = judged(write_seeds(tmp_path, [(DICE, *one) for one in values.items()]), "joint-hearts")
    gains = np.array([0.1, 0.1, 0.2])
    error = np.sqrt((1 / 3 + 1 / 2) * gains.var(ddof=1))
    row = found.iloc[0]
    assert row["estimate"] == pytest.approx(gains.mean()) and row["folds"] == 3 and row["subjects"] == 24
    assert row["high"] - row["estimate"] == pytest.approx(stats.t.isf(0.025, 2) * error)
    assert row["p_folds"] == pytest.approx(stats.t.sf(gains.mean() / error, 2))
    assert row["level"] == pytest.approx(0.5) and board["verdict"] == UNDECIDED


@pytest.mark.parametrize(
    ("gain", "spread", "verdict"),
    [(0.1, 0.005, REPRODUCED), (0.0, 0.002, NOT_REPRODUCED), (-0.1, 0.005, NOT_REPRODUCED), (0.1, 0.2, UNDECIDED),
     (0.02, 0.02, UNDECIDED)],
)  # fmt: skip
def test_a_claim_on_all_tasks(tmp_path, gain, spread, verdict):
    plain = np.array([0.5, 0.55, 0.45, 0.5, 0.52, 0.48])
    noise = spread * np.array([1, -1, 0.5, -0.5, 0.2, -0.2])
    cells = [(cell, "slices_swav", plain) for cell in FIRST] + [(cell, "joint", plain + gain + noise) for cell in FIRST]
    board, found = judged(write_seeds(tmp_path, cells), "joint-swav")
    assert board["verdict"] == verdict and board["comparisons"] == 4
    assert (found["wide_high"] > found["high"]).all() and found["paper"].isna().all()


def test_one_task_that_fails_refutes_all_and_one_that_is_missing_leaves_it_open(tmp_path):
    plain, more = np.full(3, 0.5), np.array([0.1, 0.101, 0.099])
    cells = [(cell, "slices_swav", plain) for cell in FIRST]
    cells += [(cell, "joint", plain + (more if cell != DICE else -more)) for cell in FIRST]
    assert judged(write_seeds(tmp_path, cells), "joint-swav")[0]["verdict"] == NOT_REPRODUCED
    board = judged(write_seeds(tmp_path, [cell for cell in cells if cell[0] != DICE]), "joint-swav")[0]
    assert board["verdict"] == UNDECIDED and "has no Heart structures (Dice)" in board["reason"]


def test_of_several_others_the_best_of_each_seed_counts_and_without_one_nothing_is_reproduced(tmp_path):
    cells = [(cell, "joint", [0.9, 0.91, 0.89]) for cell in FIRST]
    cells += [(cell, "slices_swav", [0.5, 0.8, 0.5]) for cell in FIRST]
    board, found = judged(write_seeds(tmp_path, cells), "joint-2d")
    assert board["verdict"] == UNDECIDED and "without DeepCluster-V2 on slices" in board["reason"]
    cells += [(cell, "slices_deepcluster", [0.8, 0.5, 0.79]) for cell in FIRST]
    board, found = judged(write_seeds(tmp_path, cells), "joint-2d")
    assert board["verdict"] == REPRODUCED and found["estimate"].iloc[0] == pytest.approx((0.1 + 0.11 + 0.1) / 3)


def test_what_is_missing_is_named(tmp_path):
    board, _ = scorecard(SAID, tmp_path)
    assert (board["verdict"] == UNTESTABLE).all()
    assert set(board["reason"]) == {"not made by this run: no joint_tasks_folds.csv"}
    write_seeds(tmp_path, [(DICE, "joint", [0.5]), (DICE, "random", [0.4])])
    assert "1 seeds with both" in judged(tmp_path, "joint-hearts")[0]["reason"]
    assert "has no Lung nodules (CPM, fine-tuned)" in judged(tmp_path, "joint-nodules")[0]["reason"]
    write_seeds(
        tmp_path, [(CPM, "joint", [0.5, 0.6]), (("Lung nodules", "patch AUC, fine-tuned"), "joint", [0.5, 0.6])]
    )
    assert judged(tmp_path, "joint-3d")[0]["reason"] == "this run has no Models Genesis"


def test_a_score_near_its_end_leaves_no_room(tmp_path):
    cells = [(DICE, "random", [0.99, 0.99, 0.99]), (DICE, "joint", [0.99, 0.991, 0.99])]
    assert judged(write_seeds(tmp_path, cells), "joint-hearts")[0]["verdict"] == UNDECIDED


@given(st.floats(-0.5, 0.5), st.floats(0, 0.5), st.floats(0, 1))
def test_no_interval_that_holds_zero_is_reproduced(middle, half, p):
    row = {"rule": "seeds", "scope": "all", "metric": "Dice", "paper": np.nan, "missing": "", "lacks": "", "room": True}
    row |= {"low": middle - half, "high": middle + half, "wide_low": middle - 2 * half, "wide_high": middle + 2 * half}
    verdict = verdict_of(row | {"p_folds": p, "p_up": np.nan, "truth_low": np.nan, "truth_high": np.nan})
    if verdict == REPRODUCED:
        assert middle - half > 0 and p <= 0.05
    if verdict == NOT_REPRODUCED:
        assert middle - half <= 0 and middle + 2 * half < 0.025


def test_claims_have_rules_and_rows():
    assert SAID["id"].is_unique and (SAID["short"].str.len() <= 40).all() and set(SAID["rule"]) <= set(RULES)
    found = comparisons(SAID)
    assert set(found["id"]) == set(SAID["id"]) and not found.duplicated(["id", "task", "metric"]).any()
    with pytest.raises(ValueError, match="'joint-swav' names 'slices_swov', which has no row"):
        comparisons(SAID.query("id == 'joint-swav'").assign(against="slices_swov"))
