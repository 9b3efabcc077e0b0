"""Every rule of the scorecard with files that lead to each verdict."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drasclr_core.evaluate.scorecard.board import scorecard
from drasclr_core.evaluate.scorecard.comparisons import against_itself, comparisons
from drasclr_core.evaluate.scorecard.needed import needed
from drasclr_core.evaluate.scorecard.verdicts import (
    CLAIM_VERDICTS,
    NOT_REPRODUCED,
    REPRODUCED,
    RULES,
    UNDECIDED,
    UNTESTABLE,
    combine,
    size,
    verdict_of,
)
from drasclr_core.paper import claims

from .made_up_results import write_bootstrap, write_figures, write_folds, write_results

COVID = ("COVID-19 severity", "accuracy")
PHENOTYPES = [(task, metric) for task in ("GOLD", "CLE", "Paraseptal") for metric in ("accuracy", "1-off")]
PHENOTYPES += [("logFEV1pp", "R2"), ("logFEV1/FVC", "R2"), ("AE History", "accuracy")]


SAID = claims()


def verdicts(folder, *ids):
    said = SAID[SAID["id"].isin(ids)] if ids else SAID
    return scorecard(said, folder)[0].set_index("id")


def interval(low, high, paper=2.0, rule="better", metric="accuracy", **other):
    ends = {"low": low, "high": high, "wide_low": low, "wide_high": high}
    asked = {"rule": rule, "scope": "all", "metric": metric, "paper": paper}
    rest = {"missing": "", "lacks": "", "room": True, "p_folds": 0.01, "p_up": 0.001}
    return {**asked, **rest, "truth_low": np.nan, "truth_high": np.nan, **ends, **other}


@pytest.mark.parametrize(
    ("low", "high", "verdict", "how_large"),
    [
        (0.5, 4.0, REPRODUCED, "compatible"),
        (0.5, 1.5, REPRODUCED, "smaller"),
        (3.0, 5.0, REPRODUCED, "larger"),
        (-1.0, 1.5, NOT_REPRODUCED, "smaller"),
        (-5.0, -1.0, NOT_REPRODUCED, "smaller"),
        (0.0, 1.0, NOT_REPRODUCED, "smaller"),
        (-1.0, 2.0, UNDECIDED, "compatible"),
        (-9.0, 9.0, UNDECIDED, "compatible"),
    ],
)
def test_better(low, high, verdict, how_large):
    assert verdict_of(interval(low, high)) == verdict
    assert size(interval(low, high)) == how_large
    # A ratio follows the same rule around 1.
    ratio = interval(np.exp(low), np.exp(high), np.exp(2.0), "factor", "factor")
    assert verdict_of(ratio) == verdict


@pytest.mark.parametrize("paper", [0.0, -2.2])
def test_a_claim_that_the_papers_own_numbers_contradict(paper):
    assert verdict_of(interval(0.5, 1.0, paper)) == REPRODUCED
    assert verdict_of(interval(-3.0, -0.5, paper)) == NOT_REPRODUCED
    assert verdict_of(interval(-3.0, 0.5, paper)) == UNDECIDED


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-2.0, 2.0, REPRODUCED),
        (0.5, 2.4, REPRODUCED),
        (2.6, 9.0, NOT_REPRODUCED),
        (-9.0, -2.6, NOT_REPRODUCED),
        (-3.0, 1.0, UNDECIDED),
        (-9.0, 9.0, UNDECIDED),
    ],
)
def test_alike(low, high, verdict):
    assert verdict_of(interval(low, high, 0.1, "alike")) == verdict
    assert verdict_of(interval(low / 100, high / 100, 0.001, "alike", "R2")) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.6, REPRODUCED), (-0.3, 0.05, NOT_REPRODUCED), (-0.6, -0.2, NOT_REPRODUCED), (-0.1, 0.4, UNDECIDED)],
)
def test_correlated(low, high, verdict):
    assert verdict_of(interval(low, high, np.nan, "correlated")) == verdict
    assert size(interval(low, high, np.nan, "correlated")) == ""


@pytest.mark.parametrize(
    ("up", "down", "verdict"),
    [(1 / 120, 1.0, REPRODUCED), (1.0, 1 / 120, NOT_REPRODUCED), (0.04, 0.97, UNDECIDED), (0.5, 0.5, UNDECIDED)],
)
def test_rises(up, down, verdict):
    assert verdict_of(interval(np.nan, np.nan, np.nan, "rises", p_up=up, p_down=down)) == verdict


def test_a_factor_needs_the_exchange_of_its_methods_too():
    assert verdict_of(interval(1.2, 4.0, 2.0, "factor", "factor", p_up=0.025)) == REPRODUCED
    assert verdict_of(interval(1.2, 4.0, 2.0, "factor", "factor", p_up=0.03)) == UNDECIDED
    assert verdict_of(interval(1.2, 4.0, 2.0, "factor", "factor", p_up=np.nan)) == UNDECIDED
    assert verdict_of(interval(0.6, 1.5, 2.0, "factor", "factor", p_up=0.3)) == NOT_REPRODUCED


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.05, 0.6, REPRODUCED),
        (-0.2, 0.3, UNDECIDED),
        (-1.0, 1.0, UNDECIDED),
        (-0.4, 0.05, NOT_REPRODUCED),
        (np.nan, np.nan, REPRODUCED),
    ],
)
def test_a_trend_counts_only_with_the_truth(low, high, verdict):
    """A detector unrelated to the truth may follow the stage as closely as it will."""
    for rule, row in (("correlated", interval(0.3, 0.7)), ("rises", interval(np.nan, np.nan, p_up=0.001, p_down=1.0))):
        assert verdict_of(row | {"rule": rule, "truth_low": low, "truth_high": high}) == verdict


def test_what_is_missing_cannot_be_tested_and_what_lacks_methods_cannot_be_reproduced():
    assert verdict_of(interval(1.0, 2.0, missing="not run")) == UNTESTABLE
    assert verdict_of(interval(1.0, 2.0, lacks="moco")) == UNDECIDED
    assert verdict_of(interval(-2.0, -1.0, lacks="moco")) == NOT_REPRODUCED


def test_a_claim_cannot_fail_where_the_other_method_leaves_no_room():
    assert verdict_of(interval(0.0, 0.0, room=False)) == UNDECIDED and size(interval(0.0, 0.0, room=False)) == ""
    assert verdict_of(interval(0.1, 0.2, room=False)) == REPRODUCED


def test_room_does_not_save_a_claim_whose_interval_is_wholly_negative():
    """F1 of the detector 0.54 to 0.22 below that of a threshold: nothing is left to be undecided about."""
    below = interval(-0.54, -0.22, 0.12, metric="F1", room=False)
    assert verdict_of(below) == NOT_REPRODUCED
    assert verdict_of(below | {"wide_high": 0.01}) == UNDECIDED
    assert verdict_of(below | {"rule": "alike"}) == NOT_REPRODUCED


@pytest.mark.parametrize("rule", ["better", "alike"])
@pytest.mark.parametrize(("p", "verdict"), [(0.05, REPRODUCED), (0.051, UNDECIDED), (np.nan, UNDECIDED)])
def test_reproduced_needs_the_test_over_folds_too(rule, p, verdict):
    assert verdict_of(interval(0.5, 2.0, rule=rule, p_folds=p)) == verdict
    assert verdict_of(interval(-9.0, -3.0, rule=rule, p_folds=p)) == NOT_REPRODUCED


def test_an_interval_off_0_with_unsure_folds_is_undecided_and_the_board_says_why(tmp_path):
    cells = [(*COVID, "drasclr", 66.0), (*COVID, "drasclr_local", 60.0)]
    write_bootstrap(tmp_path, "table4", cells)
    row = verdicts(tmp_path, "covid-neighbours").iloc[0]
    assert row["verdict"] == UNDECIDED and row["reason"] == "no scores of folds, so no test over folds"
    write_folds(tmp_path, "table4", cells, spread=20.0)
    row = verdicts(tmp_path, "covid-neighbours").iloc[0]
    assert row["verdict"] == UNDECIDED and row["reason"].startswith("the test over folds is not sure (p = 0.")
    write_folds(tmp_path, "table4", cells, spread=0.1)
    assert verdicts(tmp_path, "covid-neighbours")["verdict"].iloc[0] == REPRODUCED


def test_failing_needs_the_wide_interval_and_holding_does_not():
    row = interval(-1.0, 1.9) | {"wide_low": -1.5, "wide_high": 2.3}
    assert (verdict_of(row | {"scope": "most"}), verdict_of(row)) == (NOT_REPRODUCED, UNDECIDED)
    assert verdict_of(interval(0.1, 1.9) | {"wide_low": -0.2, "wide_high": 2.3}) == REPRODUCED


def test_no_such_rule():
    with pytest.raises(ValueError, match="no rule 'nicer'"):
        verdict_of(interval(0, 1, rule="nicer"))


@pytest.mark.parametrize(
    ("scope", "verdict", "cases"),
    [
        ("all", REPRODUCED, "+++"),
        ("all", NOT_REPRODUCED, "+-? 00-"),
        ("all", UNDECIDED, "++? ++0"),
        ("all", UNTESTABLE, "000"),
        ("most", REPRODUCED, "++?"),
        ("most", NOT_REPRODUCED, "+- ++--"),
        ("most", UNDECIDED, "+? +-? +00"),
        ("most", UNTESTABLE, "000"),
    ],
)
def test_combine(scope, verdict, cases):
    for case in cases.split():
        assert combine([dict(zip("+-?0", CLAIM_VERDICTS, strict=True))[sign] for sign in case], scope) == verdict, case


def test_combine_refuses_nothing_and_unknown_scopes():
    with pytest.raises(ValueError, match="0 comparisons"):
        combine([], "all")
    with pytest.raises(ValueError, match="scope 'some'"):
        combine([REPRODUCED], "some")


@given(st.floats(-50, 50), st.floats(0.01, 40), st.floats(-10, 30), st.sampled_from(["better", "alike"]))
def test_a_longer_interval_never_decides_more(middle, half, paper, rule):
    """Around the same estimate, less data can only turn a verdict into undecided."""
    short, long = (verdict_of(interval(middle - width, middle + width, paper, rule)) for width in (half, 2 * half))
    assert long in (short, UNDECIDED) or (rule, short, long) == ("better", REPRODUCED, NOT_REPRODUCED)
    if (short, long) == (REPRODUCED, NOT_REPRODUCED):
        assert middle + 2 * half < paper  # an advantage that was too small to be the paper's all along


def test_without_any_file_nothing_can_be_tested(tmp_path):
    board = verdicts(tmp_path)
    assert (board["verdict"] == UNTESTABLE).all()
    assert (board["reason"].str.contains("not made by this run") | board["rule"].eq("cost")).all()
    assert len(board) == len(SAID)


def test_table2_verdicts_from_files(tmp_path):
    means = {"drasclr": 10.0, "laa950": 0.0, "kmeans": 9.9, "divergence": 0.0}
    cells = [(*cell, method, mean) for cell in PHENOTYPES for method, mean in means.items()]
    write_results(tmp_path, "table2", cells, spread=0.1)
    board = verdicts(tmp_path)["verdict"]
    assert board["phenotypes-laa"] == REPRODUCED
    assert board["phenotypes-paraseptal"] == NOT_REPRODUCED
    assert board["phenotypes-most"] == UNDECIDED  # better than those that are there, and seven are not
    assert board["phenotypes-networks"] == board["neighbours-most"] == UNTESTABLE


def test_one_clear_failure_among_many_refutes_all_and_not_most(tmp_path):
    cells = [(*cell, method, mean) for cell in PHENOTYPES for method, mean in (("drasclr", 30.0), ("laa950", 0.0))]
    cells[1] = ("GOLD", "accuracy", "laa950", 60.0)
    write_results(tmp_path, "table2", cells)
    row = verdicts(tmp_path).loc["phenotypes-laa"]
    assert row["verdict"] == NOT_REPRODUCED and (row["reproduced"], row["not_reproduced"]) == (7, 1)
    cells = [(task, metric, method.replace("laa950", "drasclr_local"), mean) for task, metric, method, mean in cells]
    cells = [(*cell[:3], 60.0 if cell[:3] == ("CLE", "accuracy", "drasclr_local") else cell[3]) for cell in cells]
    write_results(tmp_path, "table8", cells)
    board = verdicts(tmp_path)["verdict"]
    assert board["neighbours-most"] == REPRODUCED and board["neighbours-cle"] == NOT_REPRODUCED


def test_a_task_that_a_run_lacks_leaves_its_claim_undecided(tmp_path):
    cells = [(*cell, m, v) for cell in PHENOTYPES[:-1] for m, v in (("drasclr", 30.0), ("laa950", 0.0))]
    write_results(tmp_path, "table2", cells)
    row = verdicts(tmp_path).loc["phenotypes-laa"]
    assert row["verdict"] == UNDECIDED and row["untestable"] == 1 and "AE History" in row["reason"]


@pytest.mark.parametrize(
    ("gain", "spread", "verdict"), [(2.8, 0.5, REPRODUCED), (0.0, 0.5, NOT_REPRODUCED), (0.0, 5.0, UNDECIDED)]
)
def test_the_neighbours_of_table4(tmp_path, gain, spread, verdict):
    write_results(tmp_path, "table4", [(*COVID, "drasclr", 60 + gain), (*COVID, "drasclr_local", 60)], spread)
    assert verdicts(tmp_path)["verdict"]["covid-neighbours"] == verdict


@pytest.mark.parametrize(
    ("rising", "low", "saved", "expected"),
    [
        (1.0, 0.2, 3.0, [REPRODUCED, REPRODUCED, REPRODUCED, REPRODUCED]),
        (-1.0, -0.5, 1.0, [NOT_REPRODUCED, NOT_REPRODUCED, NOT_REPRODUCED, NOT_REPRODUCED]),
        (0.0, -0.2, 1.45, [UNTESTABLE, UNDECIDED, UNDECIDED, NOT_REPRODUCED]),
    ],
)
def test_voxel_level_verdicts_from_files(tmp_path, rising, low, saved, expected):
    write_figures(tmp_path, rising, low, saved)
    ids = ["maps-rise", "volume-trend", "annotation-centrilobular", "annotation-paraseptal"]
    assert list(verdicts(tmp_path, *ids)["verdict"]) == expected
    assert (verdicts(tmp_path, "maps-depth", "maps-height")["verdict"] == expected[1]).all()


def test_a_trend_without_the_truth_says_so(tmp_path):
    """As measured once: paraseptal shares rise with the stage, and with the truth they have nothing to do."""
    write_figures(tmp_path)
    table = pd.read_csv(tmp_path / "fig4_trend.csv")
    given = table["subtype"].eq("paraseptal") & table["against"].eq("truth given LAA-950")
    table.loc[given, ["spearman", "low", "high"]] = [0.02, -0.23, 0.27]
    table.to_csv(tmp_path / "fig4_trend.csv", index=False)
    board = verdicts(tmp_path, "maps-rise", "volume-trend")
    assert (board["verdict"] == UNDECIDED).all() and board["reproduced"].tolist() == [1, 1]
    assert "paraseptal share with the truth given LAA-950: 0.02 (-0.23 to 0.27)" in board["reason"]["volume-trend"]


def test_counts_add_up_and_every_rule_is_explained(tmp_path):
    write_figures(tmp_path)
    board = verdicts(tmp_path)
    counts = board[["reproduced", "not_reproduced", "undecided", "untestable"]].sum(axis=1)
    assert (counts == board["comparisons"]).all()
    assert set(board["rule"]) | set(board["scope"]) <= set(RULES)


def open_claim(*rows, scope="all"):
    """How many subjects one undecided claim needs, by its comparisons."""
    known = {"id": "a", "task": "t", "verdict": UNDECIDED, "subjects": 50, "folds": 5, "scope": scope}
    found = pd.DataFrame([interval(-5.0, 7.0) | known | row for row in rows])
    board = pd.DataFrame([{"id": "a", "short": "a", "scope": scope, "verdict": UNDECIDED}])
    return needed(board, found).iloc[0]


def test_subjects_needed_follow_the_square_of_the_interval():
    # 12 points long, and the paper's difference is 2: a sixth of the length, 36 times the subjects.
    assert open_claim({"paper": 2.0})["subjects_needed"] == 36 * 50
    assert open_claim({"paper": 2.0, "wide_low": -11.0})["subjects_needed"] == 81 * 50
    assert np.isnan(open_claim({"paper": 2.0, "subjects": 0})["subjects_needed"])


def test_all_need_the_smallest_difference_and_most_need_the_middle_one():
    rows = [{"paper": paper} for paper in (6.0, 3.0, 2.0)]
    assert open_claim(*rows)["subjects_needed"] == 36 * 50
    assert open_claim(*rows, scope="most")["subjects_needed"] == 16 * 50
    decided = [{"paper": 1.0, "verdict": REPRODUCED}, *rows[:2]]
    assert open_claim(*decided)["subjects_needed"] == 16 * 50
    assert open_claim(*decided, scope="most")["subjects_needed"] == 4 * 50


def test_alike_needs_an_interval_that_fits_into_the_margin():
    # Half of 12 points; 2.5 - 0.5 are left beside the paper's difference.
    assert open_claim({"rule": "alike", "paper": -0.5})["subjects_needed"] == 9 * 50
    assert np.isnan(open_claim({"rule": "alike", "paper": 2.6})["times"])


def test_what_no_number_of_subjects_decides():
    for row in (
        {"paper": 0.0, "estimate": 0.4},
        {"lacks": "moco"},
        {"room": False},
        {"verdict": UNTESTABLE, "missing": "not run"},
    ):
        assert np.isnan(open_claim({"paper": 2.0} | row)["times"])


def test_where_the_paper_is_against_its_claim_an_interval_below_zero_decides():
    row = {"paper": -2.0, "estimate": -4.0, "low": -12.0, "high": 4.0}
    assert open_claim(row, scope="most")["times"] == pytest.approx(4)  # half as long an interval ends at 0
    assert open_claim(row | {"high": 0.1}, scope="most")["times"] == pytest.approx((4.1 / 4) ** 2)


def test_unsure_folds_need_a_larger_t():
    now, enough = stats.t.isf([0.17, 0.05], 4)
    row = {"paper": 2.0, "low": 1.0, "p_folds": 0.17}
    assert open_claim(row)["times"] == pytest.approx((enough / now) ** 2)
    assert np.isnan(open_claim(row | {"p_folds": 0.6})["times"])


def test_the_paper_against_itself():
    wrong = against_itself(comparisons(SAID)).set_index("id")["paper"]
    # "The supervised 3D CNN model performs the worst": Table 4 has 61.2 for it and 59.0 for Swin UNETR.
    assert wrong["covid-cnn-worst"] == pytest.approx(-2.2)
    assert wrong["survival-hand-designed"] == 0


def test_claims_that_the_papers_own_numbers_leave_without_a_difference_are_marked(tmp_path):
    board, found = scorecard(SAID, tmp_path)
    marked = found[found["against_itself"]]
    assert (marked["paper"] <= 0).all() and (marked["rule"] == "better").all()
    counts = board.set_index("id")["against_itself"]
    assert counts["survival-hand-designed"] == 1 and counts["covid-cnn-worst"] == 1 and counts["covid-cnn"] == 0
    assert counts["neighbours-two"] == 2 and counts["phenotypes-paraseptal"] == 0


def test_a_claim_about_several_methods_is_kept_with_all_of_them_and_not_with_others(tmp_path):
    methods = {"drasclr": 0.6, "moco": 0.3, "dira": 0.2}
    cells = [(*task, method, level) for task in PHENOTYPES for method, level in methods.items()]
    write_results(tmp_path, "table2", cells, spread=0.1)
    mine = SAID[SAID["id"] == "phenotypes-networks"]
    board, found = scorecard(mine, tmp_path)
    lists = {name: found[name].map(";".join) for name in ("methods", "others")}
    found.assign(**lists).to_csv(tmp_path / "scorecard_comparisons.csv", index=False)
    (tmp_path / "table2_bootstrap.csv").unlink()
    again, kept = scorecard(mine, tmp_path)
    pd.testing.assert_frame_equal(again, board)
    assert (kept["kept"] == (found["missing"] == "")).all() and kept["kept"].any()
    more = [*cells, *((*task, "swinunetr", 0.1) for task in PHENOTYPES)]
    write_folds(tmp_path, "table2", more, 0.01)
    assert not scorecard(mine, tmp_path)[1]["kept"].any(), "one method more was not judged then"


def test_costs_are_listed_and_not_judged(tmp_path):
    board = verdicts(tmp_path)
    costs = board[board["rule"] == "cost"]
    assert len(costs) == 3 and (costs["verdict"] == UNTESTABLE).all()
    assert (costs["reason"] == "a cost on the authors' machines").all()


def test_a_run_whose_draws_have_not_travelled_is_judged_as_it_was_and_not_on_other_scores(tmp_path):
    cells = [(*task, method, level) for task in PHENOTYPES for method, level in (("drasclr", 0.6), ("laa950", 0.3))]
    write_results(tmp_path, "table2", cells, spread=0.1)
    mine = SAID[SAID["id"] == "phenotypes-laa"]
    board, found = scorecard(mine, tmp_path)
    assert not found["kept"].any() and board["comparisons"].item() > board["untestable"].item()
    lists = {name: found[name].map(";".join) for name in ("methods", "others")}
    found.assign(**lists).to_csv(tmp_path / "scorecard_comparisons.csv", index=False)
    (tmp_path / "table2_bootstrap.csv").unlink()
    again, kept = scorecard(mine, tmp_path)
    pd.testing.assert_frame_equal(again, board)
    judged = found["missing"] == ""
    assert (kept["kept"] == judged).all()
    pd.testing.assert_frame_equal(kept.drop(columns="kept")[judged], found.drop(columns="kept")[judged])
    write_folds(tmp_path, "table2", [(*cell[:3], cell[3] / 2) for cell in cells], 0.3)
    other, none = scorecard(mine, tmp_path)
    assert other["verdict"].item() == UNTESTABLE and "no table2_bootstrap.csv" in other["reason"].item()
    assert not none["kept"].any()
