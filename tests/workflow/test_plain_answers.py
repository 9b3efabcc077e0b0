"""The word that answers a reader's question follows from intervals, not from means."""

import pandas as pd
import pytest

from drasclr_core.run import Run
from drasclr_core.workflow.plain_answers import plain_answers

BETTER, WORSE, OPEN = (0.1, 0.3), (-0.3, -0.1), (-0.1, 0.2)


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
    columns = ["method", "against", "task", "metric", "low", "high"]
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
    ],
)
def test_the_word_follows_from_the_intervals(run, intervals, word):
    against(run, "chance", *intervals)
    ((_, said, sentence),) = plain_answers(run)
    assert said == word
    assert f"in {intervals.count(BETTER)}" in sentence and f"of {len(intervals)} scores" in sentence


def test_a_longer_training_is_better_where_the_shorter_one_is_worse(run):
    against(run, "drasclr_long", WORSE, WORSE)
    assert [word for _, word, _ in plain_answers(run)] == ["Yes"]
    against(run, "drasclr_long", BETTER, OPEN)
    ((question, word, sentence),) = plain_answers(run)
    assert word == "No" and "clearly worse in 1 (FEV1)" in sentence and "longer" in question


@pytest.mark.parametrize(("drawn", "word"), [([], "No"), (["paraseptal"], "In part"),
                                              (["centrilobular", "paraseptal", "both"], "Yes")])  # fmt: skip
def test_maps_are_trusted_where_they_may_be_drawn(run, drawn, word):
    pd.DataFrame({"subtype": drawn}).to_csv(run.results / "fig3_truth.csv", index=False)
    worth = pd.DataFrame(
        {"method": "drasclr_finetuned", "task": ["Centrilobular", "Paraseptal"], "found": [0.03, 0.41]}
    )
    worth.to_csv(run.results / "table5_operating.csv", index=False)
    ((_, said, sentence),) = plain_answers(run)
    assert said == word and "3 % of the centrilobular ones and 41 % of the paraseptal ones" in sentence
    assert ("not drawn as disease" in sentence) == (word != "Yes")


def test_scores_are_called_by_words(run):
    rows = [("drasclr", "chance", "CLE", metric, *BETTER) for metric in ("accuracy", "1-off")]
    table = pd.DataFrame(rows, columns=["method", "against", "task", "metric", "low", "high"])
    table.to_csv(run.results / "significance_table2.csv", index=False)
    ((_, _, sentence),) = plain_answers(run)
    assert "2 (grade of centrilobular emphysema, grade of centrilobular emphysema to within one) of 2" in sentence


def test_a_run_without_results_answers_nothing(run):
    assert plain_answers(run) == []
