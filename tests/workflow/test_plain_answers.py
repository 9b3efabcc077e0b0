"""The word that answers a reader's question follows from intervals, not from means, and is seldom wrong."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from drasclr_core.detect.verdict.verdict import Verdict, write_verdicts
from drasclr_core.run import Run
from drasclr_core.workflow.plain_answers import aims_answer, plain_answers

BETTER, WORSE, OPEN, UNSURE = (0.1, 0.3, 0.0003), (-0.3, -0.1, 0.9997), (-0.1, 0.2, 0.3), (0.01, 0.4, 0.02)
"""Ends of an interval, and p; the last one is clear by itself, and not among several."""


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "r"))
    run.results.mkdir(parents=True)
    return run


def against(run, name, *intervals):
    rows = [
        ("drasclr", name, task, "R2", *ends) for task, ends in zip(("logFEV1pp", "CLE", "x"), intervals, strict=False)
    ]
    rows.append(("drasclr_local", name, "logFEV1pp", "R2", *BETTER))  # of another method, which is not asked about
    columns = ["method", "against", "task", "metric", "low", "high", "p_bootstrap"]
    pd.DataFrame(rows, columns=columns).to_csv(run.results / "significance_table2.csv", index=False)


@pytest.mark.parametrize(
    ("intervals", "word"),
    [
        ([BETTER, BETTER], "Yes"),
        ([BETTER, OPEN, OPEN], "In part"),
        ([BETTER, BETTER, WORSE], "In part"),
        ([BETTER, WORSE, OPEN], "No"),
        ([WORSE, OPEN], "No"),
        ([OPEN, OPEN], "Not shown"),
        ([UNSURE, OPEN, OPEN], "Not shown"),
        ([UNSURE], "Yes"),
    ],
)
def test_the_word_follows_from_the_intervals(run, intervals, word):
    against(run, "chance", *intervals)
    ((_, said, sentence),) = plain_answers(run)
    assert said == word
    assert (
        f"in {intervals.count(BETTER) + (word == 'Yes') * intervals.count(UNSURE)}" in sentence
        and f"of {len(intervals)} scores" in sentence
    )


def test_a_longer_training_is_better_where_the_shorter_one_is_worse(run):
    against(run, "drasclr_long", WORSE, WORSE)
    assert [word for _, word, _ in plain_answers(run)] == ["Yes"]
    against(run, "drasclr_long", BETTER, OPEN)
    ((question, word, sentence),) = plain_answers(run)
    assert word == "No" and "clearly worse in 1 (FEV1)" in sentence and "longer" in question


@pytest.mark.parametrize(("lows", "word"), [((0.0, 0.05), "No"), ((0.0, 0.11), "In part"), ((0.2, 0.11), "Yes")])
def test_maps_are_trusted_where_they_may_be_drawn(run, lows, word):
    verdicts = [
        Verdict(subtype, 0.6, 0.4, 0.2, low, 0.4, healthy=0.02, healthy_low=0.01, healthy_high=0.03, found=found)
        for subtype, low, found in zip(("centrilobular", "paraseptal"), lows, (0.03, 0.41), strict=True)
    ]
    write_verdicts(run, "drasclr_finetuned", verdicts)
    ((_, said, sentence),) = plain_answers(run)
    assert said == word and "3 % of the centrilobular ones and 41 % of the paraseptal ones" in sentence
    assert ("not drawn as disease" in sentence) == (word != "Yes")


def test_equal_rows_are_seldom_told_apart(run):
    """Nine scores that go together, of rows without a difference: any clear one is a false claim."""
    rng, studies = np.random.default_rng(0), 600
    claims = 0
    for _ in range(studies):
        z = np.sqrt(0.5) * (rng.standard_normal() + rng.standard_normal(9))
        tasks = [f"t{k}" for k in range(9)]
        table = pd.DataFrame({"method": "drasclr", "against": "chance", "task": tasks, "metric": "R2",
                              "low": z - 1.96, "high": z + 1.96, "p_bootstrap": norm.sf(z)})  # fmt: skip
        table.to_csv(run.results / "significance_table2.csv", index=False)
        ((_, word, _),) = plain_answers(run)
        claims += word != "Not shown"
    assert claims / studies < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
    assert claims > 0, "what cannot claim anything is never wrong"


def test_scores_are_called_by_words(run):
    rows = [("drasclr", "chance", "CLE", metric, *BETTER) for metric in ("accuracy", "1-off")]
    table = pd.DataFrame(rows, columns=["method", "against", "task", "metric", "low", "high", "p_bootstrap"])
    table.to_csv(run.results / "significance_table2.csv", index=False)
    ((_, _, sentence),) = plain_answers(run)
    assert "2 (grade of centrilobular emphysema, grade of centrilobular emphysema to within one) of 2" in sentence


def test_a_run_without_results_answers_nothing(run):
    assert plain_answers(run) == []


@pytest.mark.parametrize(("verdicts", "word"), [(["reached"] * 2, "Yes"), (["reached", "missed"], "In part"),
                                                (["not shown", "missed"], "No")])  # fmt: skip
def test_aims_are_answered_by_how_many_are_reached(verdicts, word):
    aims = pd.DataFrame({"against": ["laa950", "kmeans"], "tasks": ["logFEV1pp; GOLD", "FVC"], "verdict": verdicts})
    question, said, sentence = aims_answer(aims, "drasclr", "density")
    assert said == word and "34_longer_training" in question and "run `density`" in sentence
    assert ("better than LAA-950 at FEV1 and GOLD stage" in sentence) == (verdicts[0] == "reached")
    assert all(f"1 {verdict}" in sentence for verdict in set(verdicts) - {"reached"})
