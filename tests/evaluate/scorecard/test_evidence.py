"""What result files say about a comparison: differences by hand, missing pieces, files that are something else."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.draws import draws_for
from drasclr_core.evaluate.scorecard.evidence import evidence
from drasclr_core.evaluate.statistics.comparison import compare_methods
from drasclr_core.evaluate.statistics.significance import corrected_t
from drasclr_core.paper import claims

from .made_up_results import write_bootstrap, write_figures, write_results

COVID = ("COVID-19 severity", "accuracy")


ALL = comparisons(claims())


def asked(*ids):
    return ALL[ALL["id"].isin(ids)]


def test_a_difference_and_its_interval_by_hand(tmp_path):
    draws = np.arange(-1, 401)
    rows = [("drasclr", 60 + draws), ("drasclr_local", np.full(402, 50.0))]
    parts = [
        pd.DataFrame({"method": method, "task": COVID[0], "metric": COVID[1], "draw": draws, "value": values})
        for method, values in rows
    ]
    pd.concat(parts).to_csv(tmp_path / "table4_bootstrap.csv", index=False)
    found = evidence(tmp_path, asked("covid-neighbours")).iloc[0]
    # The sample itself differs by 9; the 401 draws by 10, 11 ... 410.
    assert found["estimate"] == 9
    assert (found["low"], found["high"]) == pytest.approx((10 + 0.025 * 400, 410 - 0.025 * 400))
    assert found["interval"] == "percentile" and found["draws"] == 401 and found["level"] == 50
    assert found["paper"] == pytest.approx(2.8)


def test_several_others_are_pairs_of_which_each_must_hold_and_one_can_fail(tmp_path):
    path = write_bootstrap(
        tmp_path, "table2", [("logFEV1pp", "R2", name, 0.5) for name in ("drasclr", "kmeans", "divergence")], 0.1
    )
    wanted = asked("phenotypes-older").query("task == 'logFEV1pp'")
    both = evidence(tmp_path, wanted).iloc[0]
    values = pd.read_csv(path).pivot(index="draw", columns="method", values="value")
    pairs = [values["drasclr"] - values[name] for name in ("kmeans", "divergence")]
    drawn = [pair[pair.index >= 0] for pair in pairs]
    assert both["low"] == pytest.approx(min(pair.quantile(0.025) for pair in drawn))
    # 400 draws are too few for the tails of two pairs.
    reach = stats.norm.isf(0.0125)
    assert both["high"] == pytest.approx(min(reach * pair.std() for pair in drawn))
    assert both["estimate"] == 0 and both["lacks"] == "" and both["interval"] == "normal"


def test_several_methods_mean_the_lowest_of_them(tmp_path):
    cells = [(*COVID, "cnn3d", 60), (*COVID, "drasclr", 66), (*COVID, "drasclr_local", 58)]
    write_bootstrap(tmp_path, "table4", cells)
    found = evidence(tmp_path, asked("covid-cnn-worst")).iloc[0]
    assert found["estimate"] == -2
    assert set(found["lacks"].split(", ")) >= {"moco", "dira"} and "drasclr" not in found["lacks"].split(", ")


def test_intervals_widen_with_the_number_of_comparisons(tmp_path):
    metrics = [f"concordance at {name}" for name in ("25th", "50th", "75th")]
    cells = [("Survival", metric, method, 0.7) for metric in metrics for method in ("drasclr", "hand_designed")]
    write_bootstrap(tmp_path, "table3", cells, 0.02)
    found = evidence(tmp_path, asked("survival-hand-designed"))
    assert (found["wide_low"] < found["low"]).all() and (found["wide_high"] > found["high"]).all()
    one = evidence(tmp_path, asked("survival-hand-designed").iloc[:1]).iloc[0]
    assert (one["wide_low"], one["wide_high"]) == (one["low"], one["high"])


def test_too_few_draws_for_the_tails_take_the_normal_approximation_and_say_so(tmp_path):
    """Three comparisons need 1,200 draws for their wide intervals; 400 are enough for the others."""
    metrics = [f"concordance at {name}" for name in ("25th", "50th", "75th")]
    cells = [("Survival", metric, method, 0.7) for metric in metrics for method in ("drasclr", "hand_designed")]
    path = write_bootstrap(tmp_path, "table3", cells, 0.02, draws=500)
    found = evidence(tmp_path, asked("survival-hand-designed"))
    assert (found["interval"] == "percentile").all() and (found["wide_interval"] == "normal").all()
    row, draws = found.iloc[0], pd.read_csv(path).query("metric == 'concordance at 25th' and draw >= 0")
    difference = draws.pivot(index="draw", columns="method", values="value")
    difference = difference["drasclr"] - difference["hand_designed"]
    reach = stats.norm.ppf(1 - 0.025 / 3) * difference.std()
    assert (row["wide_low"], row["wide_high"]) == pytest.approx((row["estimate"] - reach, row["estimate"] + reach))
    write_bootstrap(tmp_path, "table3", cells, 0.02, draws=1200)
    assert (evidence(tmp_path, asked("survival-hand-designed"))["wide_interval"] == "percentile").all()


def test_draws_are_enough_for_the_claim_with_the_most_comparisons():
    sizes = ALL.groupby(["file", "id"]).size().groupby("file").max()
    for file in ("table2", "table3", "table4", "table5"):
        assert draws_for(file) >= 400 * sizes[file] and draws_for(file) >= 1000
    assert sizes["table2"] == 9 and draws_for("table2") == 3600
    assert draws_for("table2", 50) == 50 and draws_for("smoking") == 1000


def test_the_test_over_folds_is_that_of_the_significance_page(tmp_path):
    cells = [(*COVID, "drasclr", 66), (*COVID, "drasclr_local", 60), (*COVID, "cnn3d", 65)]
    write_results(tmp_path, "table4", cells, 20.0)
    scores, draws = (pd.read_csv(tmp_path / f"table4_{part}.csv") for part in ("folds", "bootstrap"))
    page = compare_methods(scores, "drasclr", draws=draws).set_index("against")
    here = evidence(tmp_path, asked("covid-neighbours", "covid-cnn")).set_index("id")
    for claim, other in (("covid-neighbours", "drasclr_local"), ("covid-cnn", "cnn3d")):
        same = ["estimate", "low", "high", "interval"]
        assert list(here.loc[claim, same]) == list(page.loc[other, same])
        assert here.loc[claim, "p_folds"] == page.loc[other, "p_corrected"] and here.loc[claim, "subjects"] == 10**6
    two = ALL[ALL["id"] == "covid-cnn"].iloc[[0]].assign(others=[("drasclr_local", "cnn3d")])
    assert evidence(tmp_path, two)["p_folds"].iloc[0] == page["p_corrected"].max()


def test_alike_over_folds_is_two_tests_against_the_margin(tmp_path):
    cells = [(*COVID, "drasclr", 66.0), (*COVID, "context_ssl", 65.0)]
    write_results(tmp_path, "table4", cells, 2.0)
    scores = pd.read_csv(tmp_path / "table4_folds.csv").pivot(index="fold", columns="method", values="value")
    one, two = scores["drasclr"].to_numpy(), scores["context_ssl"].to_numpy()
    both = corrected_t(one + 2.5, two, 0.25), corrected_t(two + 2.5, one, 0.25)
    assert evidence(tmp_path, asked("covid-context"))["p_folds"].iloc[0] == pytest.approx(max(both))


def folds_of(*sizes):
    where = {"method": "drasclr", "task": COVID[0], "metric": COVID[1], "repeat": 0, "value": 1.0, "n_train": 1}
    return pd.DataFrame([{**where, "fold": number, "n_test": size} for number, size in enumerate(sizes)])


def test_two_methods_that_predict_everyone_alike_are_not_known_to_be_alike(tmp_path):
    """Nobody of 64 differs: up to three in 64, 4.7 %, of all people may (rule of three)."""
    write_bootstrap(tmp_path, "table4", [(*COVID, "drasclr", 60), (*COVID, "drasclr_local", 60)], spread=0.0)
    assert evidence(tmp_path, asked("covid-neighbours"))["high"].iloc[0] == 0
    folds_of(32, 32).to_csv(tmp_path / "table4_folds.csv", index=False)
    found = evidence(tmp_path, asked("covid-neighbours")).iloc[0]
    # b = c = 0, n = 64: +- 1.96 sqrt(2 / 66 / 66).
    assert (found["low"], found["high"]) == pytest.approx((-4.2, 4.2), abs=0.01)


def test_the_interval_with_two_more_subjects_agrees_with_its_formula(tmp_path):
    """8 of 40 subjects right only with the first method, 3 only with the second (Bonett and Price 2012, equation 3)."""
    one = np.r_[np.ones(20), np.ones(8), np.zeros(3), np.zeros(9)]
    two = np.r_[np.ones(20), np.zeros(8), np.ones(3), np.zeros(9)]
    counts = np.vstack([np.ones((1, 40)), np.random.default_rng(0).multinomial(40, np.full(40, 1 / 40), 4000)])
    parts = [
        pd.DataFrame(
            {
                "method": name,
                "task": COVID[0],
                "metric": COVID[1],
                "draw": np.arange(4001) - 1,
                "value": 2.5 * counts @ hits,
            }
        )
        for name, hits in (("drasclr", one), ("drasclr_local", two))
    ]
    pd.concat(parts).to_csv(tmp_path / "table4_bootstrap.csv", index=False)
    folds_of(20, 20).to_csv(tmp_path / "table4_folds.csv", index=False)
    found = evidence(tmp_path, asked("covid-neighbours")).iloc[0]
    first, second = 9 / 42, 4 / 42
    reach = 1.96 * np.sqrt((first + second - (first - second) ** 2) / 42)
    assert found["low"] <= 100 * (first - second - reach) + 0.3 and found["low"] > -6
    assert found["high"] >= 100 * (first - second + reach) - 0.3 and found["high"] < 30


def test_room_above_the_other_method(tmp_path):
    cells = [("Centrilobular", "F1", "drasclr_finetuned", 1.0), ("Centrilobular", "F1", "patch_cnn", 0.96)]
    cells += [("Paraseptal", "F1", "drasclr_finetuned", 0.9), ("Paraseptal", "F1", "patch_cnn", 0.8)]
    write_bootstrap(tmp_path, "table5", cells, 0.01)
    found = evidence(tmp_path, asked("detection-scratch").query("metric == 'F1'")).set_index("task")
    # The paper's advantages are 0.07 and 0.17.
    assert found["room"].to_dict() == {"Centrilobular": False, "Paraseptal": True}


def test_missing_pieces_are_named(tmp_path):
    wanted = asked("covid-neighbours", "detection-laa", "maps-rise", "volume-trend", "annotation-paraseptal")
    assert evidence(tmp_path, wanted)["missing"].str.startswith("not made by this run: no ").all()
    write_bootstrap(tmp_path, "table4", [(*COVID, "drasclr", 60), (*COVID, "chance", 60)])
    write_bootstrap(
        tmp_path, "table5", [("Paraseptal", "F1", "drasclr_readout", 0.7), ("Paraseptal", "F1", "patch_laa", 0.6)]
    )
    found = evidence(tmp_path, wanted).set_index(["id", "task"])["missing"]
    assert found["covid-neighbours", COVID[0]] == "this run has no DrasCLR without neighbours"
    assert found["detection-laa", "Centrilobular"] == "table5_bootstrap.csv has no Centrilobular (F1)"
    assert found["detection-laa", "Paraseptal"] == ""


def test_too_few_draws_give_no_interval(tmp_path):
    write_bootstrap(tmp_path, "table4", [(*COVID, "drasclr", 60), (*COVID, "drasclr_local", 60)], draws=19)
    assert evidence(tmp_path, asked("covid-neighbours"))["missing"].iloc[0].startswith("19 usable draws")
    path = write_bootstrap(tmp_path, "table4", [(*COVID, "drasclr", 60), (*COVID, "drasclr_local", 60)])
    table = pd.read_csv(path)
    table.loc[table["draw"] > 10, "value"] = np.nan
    table.to_csv(path, index=False)
    assert evidence(tmp_path, asked("covid-neighbours"))["missing"].iloc[0].startswith("11 usable draws")


def test_figures_of_the_voxel_level(tmp_path):
    write_figures(tmp_path, rising=1.0, low=0.2, saved=3.0)
    found = evidence(tmp_path, asked("maps-rise", "volume-trend", "annotation-centrilobular")).set_index(["id", "task"])
    assert (found["missing"] == "").all()
    rise = found.loc[("maps-rise", "Paraseptal")]
    # One order of 120 rises all the way.
    assert rise["p_up"] == pytest.approx(1 / 120) and rise["p_down"] == 1 and rise["estimate"] == pytest.approx(1)
    assert found.loc[("volume-trend", "Centrilobular"), "low"] == 0.2
    assert found.loc[("annotation-centrilobular", "Centrilobular"), "high"] == 4.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table[table["GOLD"] < 3], "3 subjects with a stage and a map"),
        (lambda table: table.assign(GOLD=2), "5 subjects with a stage"),
        (lambda table: table.assign(detected_share=0.0), "the detected share is 0 in all 5"),
        (lambda table: table[table["method"] == "laa950"], "0 subjects"),
    ],
)
def test_maps_that_show_no_trend_say_why(tmp_path, change, reason):
    write_figures(tmp_path)
    change(pd.read_csv(tmp_path / "fig3_truth.csv")).to_csv(tmp_path / "fig3_truth.csv", index=False)
    assert evidence(tmp_path, asked("maps-rise"))["missing"].str.startswith(reason).all()


def test_a_factor_above_what_could_be_seen_leaves_the_claim_open(tmp_path):
    write_figures(tmp_path, saved=2.0)
    table = pd.read_csv(tmp_path / "fig5_saved.csv")
    found = evidence(tmp_path, asked("annotation-paraseptal")).iloc[0]
    assert found["high"] == 3.0 and found["room"]
    table.assign(censored="factor high").to_csv(tmp_path / "fig5_saved.csv", index=False)
    assert not evidence(tmp_path, asked("annotation-paraseptal"))["room"].iloc[0]


def test_an_interval_that_a_run_could_not_give(tmp_path):
    write_figures(tmp_path)
    table = pd.read_csv(tmp_path / "fig5_saved.csv").assign(high=np.nan)
    table.to_csv(tmp_path / "fig5_saved.csv", index=False)
    found = evidence(tmp_path, asked("annotation-paraseptal")).iloc[0]
    assert found["missing"] == "fig5_saved.csv has no interval for paraseptal"


@pytest.mark.parametrize(
    ("file", "claim"), [("fig3_truth", "maps-rise"), ("fig3_regions", "maps-depth"), ("fig4_trend", "volume-trend")]
)
def test_a_page_that_had_nothing_to_judge(tmp_path, file, claim):
    write_figures(tmp_path)
    assert not evidence(tmp_path, asked(claim))["missing"].any()
    pd.read_csv(tmp_path / f"{file}.csv").iloc[:0].to_csv(tmp_path / f"{file}.csv", index=False)
    assert evidence(tmp_path, asked(claim))["missing"].str.contains("nothing to judge").all()


@pytest.mark.parametrize("absent", ["p", "censored"])
def test_files_of_an_older_version_name_their_notebook(tmp_path, absent):
    write_figures(tmp_path)
    pd.read_csv(tmp_path / "fig5_saved.csv").drop(columns=absent).to_csv(tmp_path / "fig5_saved.csv", index=False)
    trends = pd.read_csv(tmp_path / "fig4_trend.csv").query("against in ('GOLD', 'truth')")
    trends.to_csv(tmp_path / "fig4_trend.csv", index=False)
    found = evidence(tmp_path, asked("annotation-paraseptal", "volume-trend", "maps-rise"))
    assert found["missing"].str.endswith(("run notebook 22 again", "run notebook 23 again")).all()
    # Where no truth is known, a trend stands for itself; maps are of subjects with a truth.
    trends.query("against == 'GOLD'").to_csv(tmp_path / "fig4_trend.csv", index=False)
    found = evidence(tmp_path, asked("volume-trend", "maps-rise")).set_index("id")
    assert (found["missing"]["volume-trend"] == "").all() and found["truth_low"]["volume-trend"].isna().all()
    assert found["missing"]["maps-rise"].str.contains("22 again").all()


def test_a_correlation_with_the_truth_that_could_not_be_had_may_be_anything(tmp_path):
    write_figures(tmp_path)
    table = pd.read_csv(tmp_path / "fig4_trend.csv")
    numbers = ["spearman", "low", "high"]
    table[numbers] = table[numbers].where(table["against"] != "truth given LAA-950")
    table.to_csv(tmp_path / "fig4_trend.csv", index=False)
    found = evidence(tmp_path, asked("volume-trend"))
    assert found["truth_low"].eq(-1).all() and found["truth_high"].eq(1).all()


def test_where_the_subtypes_are_is_read_of_the_detected_voxels(tmp_path):
    write_figures(tmp_path)
    table = pd.read_csv(tmp_path / "fig3_regions.csv")
    table.loc[table["source"] == "true", ["rank_biserial", "low", "high"]] = 0.9
    table.iloc[::-1].to_csv(tmp_path / "fig3_regions.csv", index=False)
    found = evidence(tmp_path, asked("maps-depth", "maps-height"))
    assert found["low"].eq(0.2).all() and found["estimate"].tolist() == pytest.approx([0.4, 0.4])


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("table4_bootstrap.csv", "", "table4_bootstrap.csv: not a table"),
        ("table4_bootstrap.csv", "method,task,metric,value\na,b,c,1\n", "table4_bootstrap.csv: no column 'draw'"),
        ("table4_bootstrap.csv", "method,task,metric,draw,value\na,b,c,0,good\n", "column 'value' holds text"),
        ("table4_bootstrap.csv", "method,task,metric,draw,value\na,b,c,0,1\na,b,c,0,2\n", "a draw is listed twice"),
        ("fig3_truth.csv", "sid,GOLD,subtype\n1,2,paraseptal\n", "fig3_truth.csv: no column 'method'"),
        ("fig4_trend.csv", "subtype,against,subjects,low,high\n", "fig4_trend.csv: no column 'spearman'"),
        (
            "fig5_saved.csv",
            "subtype,factor,low,high\nparaseptal,many,1,2\n",
            "fig5_saved.csv: column 'factor' holds text",
        ),
    ],
)
def test_a_file_that_is_something_else_is_refused_by_name(tmp_path, file, content, message):
    (tmp_path / file).write_text(content)
    with pytest.raises(ValueError, match=message):
        evidence(tmp_path, ALL)
