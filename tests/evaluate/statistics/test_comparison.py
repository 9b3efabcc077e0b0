"""Any two files of scores: read, paired where they may be, tested, and refused where they are broken."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.result_files import read_scores
from drasclr_core.evaluate.statistics.comparison import compare_methods, same_folds
from drasclr_core.evaluate.statistics.intervals import two_more
from drasclr_core.evaluate.statistics.significance import corrected_t, two_sample_t


def table(values: dict[str, list[float]], repeats: int = 1, task="GOLD", metric="accuracy") -> pd.DataFrame:
    rows = [
        {"method": method, "task": task, "metric": metric, "repeat": k // (len(v) // repeats),
         "fold": k % (len(v) // repeats), "value": value, "n_train": 40, "n_test": 10}
        for method, v in values.items()
        for k, value in enumerate(v)
    ]  # fmt: skip
    return pd.DataFrame(rows)


SCORES = table({"chance": [50, 52, 48, 50], "laa950": [60, 64, 61, 66], "drasclr": [66, 70, 64, 73]}, repeats=2)


def test_every_test_is_made_on_the_right_folds():
    result = compare_methods(SCORES.sample(frac=1, random_state=0), "drasclr").set_index("against")
    row = result.loc["laa950"]
    assert set(result.index) == {"chance", "laa950"}
    assert (row["folds"], row["difference"]) == (4, pytest.approx(5.5))
    assert row["p_two_sample"] == pytest.approx(two_sample_t(np.array([66, 70]), np.array([60, 64])))
    assert row["p_corrected"] == pytest.approx(
        corrected_t(np.array([66, 70, 64, 73]), np.array([60, 64, 61, 66]), 0.25)
    )
    assert row["p_corrected_holm"] == pytest.approx(max(row["p_corrected"], 2 * result["p_corrected"].min()))
    assert np.isnan(row[["low", "high", "p_bootstrap", "estimate"]].astype(float)).all()


def test_bootstrap_draws_are_paired_by_their_number():
    draws = pd.DataFrame(
        [
            {"method": method, "task": "GOLD", "metric": "accuracy", "draw": draw, "value": base + 10 * draw}
            for method, base in (("drasclr", 3.0), ("laa950", 1.0))
            for draw in (*range(20, 30), -1)
        ]
    )
    row = compare_methods(SCORES, "drasclr", ["laa950"], draws.sample(frac=1, random_state=0)).iloc[0]
    # The draws all say 2 points; of 20 subjects that is no reason to be certain.
    assert row["estimate"] == 2 and row["interval"] == "normal"
    assert (row["low"], row["high"]) == pytest.approx(100 * np.array(two_more(0.02, 0.0, 20, 0.025)))
    assert row["p_bootstrap"] == pytest.approx(1 / 11)


def test_folds_without_a_score_are_left_out_on_both_sides():
    broken = SCORES.copy()
    broken.loc[(broken["method"] == "laa950") & (broken["fold"] == 0), "value"] = np.nan
    row = compare_methods(broken, "drasclr", ["laa950"]).iloc[0]
    assert (row["folds"], row["mean"], row["mean_against"]) == (2, pytest.approx(71.5), 65)


def test_two_files_are_paired_only_if_their_blind_rows_agree():
    second = table({"chance": [50, 52, 48, 50], "mine": [60, 64, 61, 66]}, repeats=2)
    assert same_folds(SCORES, second)
    paired = compare_methods(SCORES, "drasclr", ["mine"], other_scores=second).iloc[0]
    assert paired["p_corrected"] == pytest.approx(compare_methods(SCORES, "drasclr", ["laa950"]).iloc[0]["p_corrected"])
    for other in (
        second[second["method"] != "chance"],
        second.assign(value=second["value"] + 1e-3),
        second.assign(n_test=9),
    ):
        assert not same_folds(SCORES, other)
        row = compare_methods(SCORES, "drasclr", ["mine"], other_scores=other).iloc[0]
        assert np.isnan(row["p_corrected"]) and row["folds"] == 0
        assert 0 < row["p_two_sample"] < 1


def test_two_files_may_have_different_numbers_of_folds():
    second = table({"chance": [50, 52, 48], "drasclr": [60, 64, 61]})
    row = compare_methods(SCORES, "drasclr", ["drasclr"], other_scores=second).iloc[0]
    assert row["p_two_sample"] == pytest.approx(two_sample_t(np.array([66, 70]), np.array([60, 64, 61])))
    assert np.isnan(row["p_corrected"])


def test_files_are_read_back_and_broken_ones_refused(tmp_path):
    file = tmp_path / "table2_folds.csv"
    with pytest.raises(FileNotFoundError, match=r"table2_folds.csv: no such file"):
        read_scores(file)
    SCORES.to_csv(file, index=False)
    pd.testing.assert_frame_equal(read_scores(file), SCORES)
    SCORES.drop(columns="n_train").to_csv(file, index=False)
    with pytest.raises(ValueError, match="no column 'n_train'"):
        read_scores(file)
    pd.concat([SCORES, SCORES[:1]]).to_csv(file, index=False)
    with pytest.raises(ValueError, match="chance, GOLD, fold 0 is listed twice"):
        read_scores(file)
    SCORES.astype({"value": object}).replace({"value": {66: "many"}}).to_csv(file, index=False)
    with pytest.raises(ValueError, match="column 'value' holds text"):
        read_scores(file)


def test_a_file_without_scores_is_an_empty_table(tmp_path):
    path = tmp_path / "table5_folds.csv"
    path.write_text("method,task,metric,repeat,fold,value,n_train,n_test\n")
    assert read_scores(path).empty


def test_what_cannot_be_compared_is_named():
    with pytest.raises(ValueError, match="no method 'moco': the table has chance, laa950, drasclr"):
        compare_methods(SCORES, "drasclr", ["moco"])
    with pytest.raises(ValueError, match="have no task in common"):
        compare_methods(SCORES, "drasclr", ["mine"], other_scores=table({"mine": [1, 2]}, task="CLE"))
    with pytest.raises(ValueError, match="no other method"):
        compare_methods(SCORES[SCORES["method"] == "drasclr"], "drasclr")
