"""The paper's tests from its printed numbers."""

import pandas as pd
import pytest
from scipy import stats

from drasclr_core import paper
from drasclr_core.evaluate.statistics.recomputed import borne_out, covered, recompute


def test_a_comparison_by_hand():
    # Table 4: ours 65.4 (2.5), Swin UNETR 59.0 (2.9), five folds each.
    row = recompute(paper.table("table4")).set_index("against").loc["SwinUNETR"]
    t = 6.4 / ((2.5**2 + 2.9**2) / 5) ** 0.5
    assert row["p"] == pytest.approx(stats.t.sf(t, 8))
    assert row["p_low"] < row["p"] < row["p_high"]
    assert row["difference"] == pytest.approx(6.4)


def test_rows_without_numbers_are_left_out():
    again = recompute(paper.table("table2"))
    assert not again[["difference", "p"]].isna().any(axis=None)
    assert "2D CNN" not in set(again["against"])  # printed without deviations
    assert not ((again["against"] == "LAA-950") & (again["task"] == "GOLD")).any()


def test_fractions_are_rounded_more_coarsely_than_percentages():
    again = recompute(paper.table("table2")).set_index(["against", "task", "metric"])
    width = again["p_high"] - again["p_low"]
    assert width["Context SSL", "logFEV1pp", "R2"] > 0.4 > width["Context SSL", "CLE", "accuracy"]


def test_every_claim_is_about_rows_that_exist():
    for _, claim in paper.significance_claims().iterrows():
        chosen = covered(claim, recompute(paper.table(claim["table"]), claim["row"]))
        named = [set(filter(None, claim[column].split(";"))) for column in ("against", "task")]
        assert named[0] <= set(chosen["against"]) and named[1] <= set(chosen["task"])
        assert len(chosen)


def test_verdicts():
    again = pd.DataFrame({"against": list("abc"), "task": "x", "p": [0.01, 0.04, 0.3]})
    again["p_low"], again["p_high"] = again["p"] - 0.01, again["p"] + 0.02
    better = pd.Series({"against": "", "task": "", "says": "better", "level": 0.05})
    assert borne_out(better, again) == {"comparisons": 3, "borne_out": 2, "rounding": 1}
    alike = better.copy()
    alike["says"], alike["against"] = "alike", "b;c"
    assert borne_out(alike, again) == {"comparisons": 2, "borne_out": 1, "rounding": 1}


def test_unknown_row():
    with pytest.raises(ValueError, match="no row 'Mine'"):
        recompute(paper.table("table4"), "Mine")
