"""Verdicts on aims follow from intervals that are corrected within the aim."""

import pandas as pd
import pytest

from drasclr_core.evaluate.aims import aims_sentence, judge_aims

BETTER, WORSE, OPEN, UNSURE = (0.1, 0.3, 0.0003), (-0.3, -0.1, 0.9997), (-0.1, 0.2, 0.3), (0.01, 0.4, 0.02)
"""Ends of an interval, and p; the last one is clear by itself, and not among several."""


def differences(**against):
    rows = [("drasclr", other, task, "R2", *ends) for other, cells in against.items() for task, ends in cells.items()]
    return pd.DataFrame(rows, columns=["method", "against", "task", "metric", "low", "high", "p_bootstrap"])


def verdict(cells, tasks=("a", "b")):
    return judge_aims(differences(laa950=cells), {"laa950": list(tasks)})["verdict"].tolist()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"a": BETTER, "b": BETTER}, "reached"),
        ({"a": BETTER, "b": OPEN}, "in part"),
        ({"a": BETTER, "b": WORSE}, "missed"),
        ({"a": OPEN, "b": WORSE}, "missed"),
        ({"a": OPEN, "b": OPEN}, "open"),
        ({"a": UNSURE, "b": OPEN}, "open"),
    ],
)
def test_verdict(cells, said):
    assert verdict(cells) == [said]


def test_only_the_tasks_of_an_aim_count():
    cells = {"a": BETTER, "b": WORSE}
    assert verdict(cells, ["a"]) == ["reached"] and verdict(cells, ["b"]) == ["missed"]


def test_what_was_not_compared_is_left_out():
    table = judge_aims(differences(laa950={"a": OPEN}), {"laa950": ["a"], "kmeans": ["a"]})
    assert table["against"].tolist() == ["laa950"] and table["compared"].tolist() == [1]


def test_sentence_names_what_was_reached_and_what_was_not():
    found = differences(laa950={"a": BETTER, "b": BETTER}, kmeans={"a": OPEN}, divergence={"a": WORSE})
    told = aims_sentence(judge_aims(found, {"laa950": ["a", "b"], "kmeans": ["a"], "divergence": ["a"]}), "drasclr")
    assert "DrasCLR reaches 1 of 3 aims (better than LAA-950 at a and b)" in told
    assert "1 missed (better than Divergence at a)" in told and "1 open, as this run cannot tell" in told


def test_no_aim_is_an_error():
    with pytest.raises(ValueError, match="none of the methods that it was to be better than has features"):
        aims_sentence(judge_aims(differences(laa950={"a": OPEN}), {"kmeans": ["a"]}), "drasclr")
