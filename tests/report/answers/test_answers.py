"""Answers say what the numbers say, whatever rows a run has."""

import re

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.statistics.significance import bootstrap_p, holm
from drasclr_core.report.answers import (
    comparisons_answer,
    corrected_note,
    factor_answer,
    reach_answer,
    readout_answer,
    share_answer,
    survival_answer,
    trend_answer,
)
from drasclr_core.report.answers.readouts import draws_note


def table(scores, task="CLE", metric="accuracy"):
    return pd.DataFrame(
        {"method": scores.keys(), "task": task, "metric": metric, "mean": scores.values(), "subjects": 64}
    )


def gain(lows, highs=(9.0, 9.0)):
    return pd.DataFrame({"task": ["CLE", "GOLD"], "metric": ["accuracy", "1-off"], "low": lows, "high": highs})


def test_readouts():
    scores = {"chance": 31.25, "laa950": 70.0, "drasclr": 55.0, "truth": 80.0}
    text = readout_answer(table(scores), gain([0.1, -2.0]), "drasclr", "CLE", "accuracy")
    assert text.startswith(
        "**DrasCLR is clearly better than chance in 1 of 2 scores** (CLE), each 95 % interval taken by itself"
    )
    assert "reaches 55.0 % right, chance 31.2, a readout of the true disease 80.0" in text
    assert "highest score is that of LAA-950, 70.0 % right" in text, "a ceiling is no method"
    longer = readout_answer(table({**scores, "drasclr_long": 62.5}), gain([0.1, -2.0]), "drasclr", "CLE", "accuracy")
    assert "reaches 55.0 % right (62.5 trained longer), chance 31.2" in longer
    below = readout_answer(table(scores), gain([0.1, -7.0], [4.0, -0.1]), "drasclr", "CLE", "accuracy")
    assert "better than chance in 1 of 2 scores** (CLE), and clearly worse in 1 (GOLD 1-off), each" in below
    best = readout_answer(
        table({"chance": 0.0, "drasclr": 0.5}, metric="R2"), gain([-1, -1]), "drasclr", "AE", "accuracy"
    )
    assert (
        "in 0 of 2 scores**, each" in best
        and "No other method" in best
        and "an R² of 0.50" in best
        and "centrilobular" in best
    )


def test_survival():
    rows = {
        "method": ["confounders", "drasclr", "bode"],
        "metric": "c",
        "mean": [0.59, 0.7, 0.8],
        "low": 0.6,
        "high": 0.9,
    }
    rows = pd.DataFrame(rows).assign(subjects=64, deaths=12)
    added = pd.DataFrame({"metric": ["c"], "estimate": [0.11], "low": [-0.02], "high": [0.2]})
    text = survival_answer(rows, added, "drasclr", "confounders", "c", "median")
    assert "in 70 % of pairs** (95 % interval 60 to 90 %), with the confounders alone in 59 %" in text
    assert "12 deaths in all; pairs count until the median." in text
    assert "adds to the confounders is not clear: +11.0 points (−2.0 to +20.0)." in text
    assert text.endswith("highest score is that of BODE, 80 %.")
    alone = survival_answer(rows[1:], added[:0], "drasclr", "confounders", "c", "median")
    assert "nan" not in alone and "confounders" not in alone
    tied = pd.concat([rows, rows[2:].assign(method="bode+drasclr", mean=0.8004)])
    assert "The highest score is that of" in survival_answer(tied, added, "drasclr", "confounders", "c", "median")


def test_comparisons():
    one = pd.DataFrame({"low": [1.0, -1, -3], "high": [2.0, 1, -1], "p_bootstrap_holm": [0.01, 0.5, 1]})
    one = one.assign(p_corrected_holm=[0.2, 0.5, 1])
    two = pd.DataFrame({"low": [np.nan], "high": [np.nan], "p_bootstrap_holm": [np.nan], "p_corrected_holm": [0.01]})
    text = comparisons_answer({"a": one, "b": two})
    assert "Of 3 comparisons with another row," in text and "in 1, against it in 1, and for neither in 1.**" in text
    assert "1 more have no interval" in text
    assert "1 stay in favour by the bootstrap and 1 by the corrected test" in text
    assert "1 stay in favour by the bootstrap and 1 by" in comparisons_answer({"a": one}, level=0.3)
    assert "no table" in comparisons_answer({})
    assert corrected_note(one, "drasclr").startswith("DrasCLR, of 3 comparisons 1 and 0 are left in favour")
    assert "of 1 comparisons – and 1 are left" in corrected_note(two, "drasclr")
    assert "as chance does. With 50 draws no p" in corrected_note(one, "drasclr", 50)
    assert "With" not in corrected_note(one, "drasclr", 3601)


def test_few_draws_are_said_to_decide():
    assert draws_note(30, 3601) == ""
    assert "below 0.04 after Holm's correction; none passes unless no draw speaks against" in draws_note(144, 3601)
    assert "none can pass" in draws_note(100, 1001) and "none can pass" in draws_note(50, 1000), "p below the level"


@pytest.mark.parametrize(("comparisons", "draws"), [(153, 3601), (20, 1201), (16, 1201), (50, 2000), (30, 1201)])
def test_how_many_draws_may_speak_against_the_clearest(comparisons, draws):
    said = draws_note(comparisons, draws)
    most = 0 if "unless no draw speaks" in said else int(re.search(r"unless at most (\d+) draw", said)[1])
    for against, passes in ((most, True), (most + 1, False)):
        p = bootstrap_p(np.repeat([-1.0, 1.0], [against, draws - 1 - against]))
        corrected = holm(np.array([p] + [1.0] * (comparisons - 1)))[0]
        assert (corrected < 0.05) == passes, (against, said)


def test_reach():
    found = pd.DataFrame(
        {
            "target": ["x", "y", "x", "x"],
            "role": ["closely", "closely", "floor", "untrained"],
            "way": [0.4, 0.6, 0, np.nan],
        }
    )
    assert "go: DrasCLR 50 %** (the median of 2 targets)" in reach_answer(found, {"closely": "DrasCLR"})
    partly = pd.concat([found, pd.DataFrame({"target": ["y"], "role": ["laa950"], "way": [0.2]})])
    names = {"closely": "DrasCLR", "laa950": "LAA"}
    assert "DrasCLR 60 %, LAA 20 %** (the median of 1 targets that all have)" in reach_answer(partly, names)
    assert "cannot say" in reach_answer(found.assign(way=np.nan), {})


def test_shares():
    rows = [
        ("centrilobular", "GOLD 0", 0.1, 0.0),
        ("centrilobular", "GOLD 4", 0.5, 0.3),
        ("paraseptal", "GOLD 0", 0.0, np.nan),
    ]
    text = share_answer(pd.DataFrame(rows, columns=["subtype", "stage", "detected", "true"]))
    assert (
        "centrilobular GOLD 0 10 % (0 %), GOLD 4 50 % (30 %); paraseptal GOLD 0 0 %.**" in text
        and "mark 15 points more than is ill (centrilobular)" in text
    )
    assert "in brackets" not in share_answer(pd.DataFrame(rows[2:], columns=["subtype", "stage", "detected", "true"]))
    assert "no maps" in share_answer(pd.DataFrame(columns=["subtype", "stage", "detected", "true"]))


def test_trends():
    rows = [
        ("a", "GOLD", 0.01, 0.5, 0.1),
        ("b", "GOLD", np.nan, 0.1, -0.2),
        ("a", "truth given LAA-950", np.nan, 0.1, -0.1),
    ]
    found = pd.DataFrame(rows, columns=["subtype", "against", "jt_p", "spearman", "low"]).assign(subjects=58)
    text = trend_answer(found)
    assert (
        "58 subjects" in text
        and "rises for a emphysema (rank correlation 0.50) and does not clearly rise for b" in text
    )
    assert text.endswith("nothing clear of the true share.")
    assert "cannot say" in trend_answer(found[2:])
    same = trend_answer(found.assign(spearman=[np.nan, 0.1, np.nan]))
    assert "is the same in all for a emphysema" in same and "nan" not in same


def test_factors():
    found = pd.DataFrame(
        {"subtype": ["a", "b"], "factor": [3.31, 1.0], "low": [1.5, np.nan], "high": [6.0, np.nan], "p": [0.01, 0.4]}
    )
    assert "3.3 for a emphysema (1.5 to 6) and 1 for b emphysema.** It is clear for a" in factor_answer(found)
    assert "Neither is clear" in factor_answer(found.assign(p=0.5)) and "cannot say" in factor_answer(found[:0])
