"""Verdicts on aims follow from intervals: all of them for an aim that is reached, corrected ones for any other."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from drasclr_core.evaluate.aims import aims_sentence, judge_aims, judge_losses, listed_aims

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
        ({"a": UNSURE, "b": UNSURE}, "reached"),
        ({"a": BETTER, "b": OPEN}, "in part"),
        ({"a": BETTER, "b": WORSE}, "missed"),
        ({"a": OPEN, "b": WORSE}, "missed"),
        ({"a": OPEN, "b": OPEN}, "not shown"),
        ({"a": UNSURE, "b": OPEN}, "not shown"),
        ({"a": BETTER}, "in part"),
    ],
)
def test_verdict(cells, said):
    assert verdict(cells) == [said]


def test_only_the_tasks_of_an_aim_count():
    cells = {"a": BETTER, "b": WORSE}
    assert verdict(cells, ["a"]) == ["reached"] and verdict(cells, ["b"]) == ["missed"]


def test_what_was_not_compared_stays_among_the_aims():
    table = judge_aims(differences(laa950={"a": OPEN}), {"laa950": ["a"], "kmeans": ["a"]})
    assert table["against"].tolist() == ["laa950", "kmeans"] and table["compared"].tolist() == [1, 0]
    assert table["verdict"].tolist() == ["not shown", "not tested"]


def test_equal_methods_are_seldom_told_apart():
    """Three tasks that go together, of two methods without a difference."""
    rng, studies, said = np.random.default_rng(0), 600, []
    for _ in range(studies):
        z = np.sqrt(0.5) * (rng.standard_normal() + rng.standard_normal(3))
        cells = {f"t{k}": (one - 1.96, one + 1.96, norm.sf(one)) for k, one in enumerate(z)}
        said += verdict(cells, list(cells))
    wrong = pd.Series(said).value_counts(normalize=True).drop("not shown")
    assert 0 < wrong.sum() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
    assert wrong.get("reached", 0) < 0.025


def test_sentence_names_what_was_reached_and_what_was_not():
    found = differences(laa950={"a": BETTER, "b": BETTER}, kmeans={"a": OPEN}, divergence={"a": WORSE})
    told = aims_sentence(judge_aims(found, {"laa950": ["a", "b"], "kmeans": ["a"], "divergence": ["a"]}), "drasclr")
    assert "DrasCLR reaches 1 of 3 aims (better than LAA-950 at a and b)" in told
    assert "1 missed (better than Divergence at a)" in told and "1 not shown (better than K-means at a)" in told


def test_no_aim_is_an_error():
    with pytest.raises(ValueError, match="no aim was named"):
        aims_sentence(judge_aims(differences(laa950={"a": OPEN}), {}), "drasclr")


@pytest.mark.parametrize(
    ("ends", "said"), [([0.6, 0.9], "reached"), ([0.4, 0.9], "missed"), ([-0.1, 0.9], "missed"), ([], "not tested")]
)
def test_losses_are_judged_all_together(ends, said):
    losses = pd.DataFrame({"loss": ["local", "neighbor"][: len(ends)], "below": np.array(ends, dtype=float)})
    aim = judge_losses(losses, 0.5).iloc[0]
    assert aim["against"] == "guessing by 0.5 nats" and aim["verdict"] == said
    assert aim["above"] == sum(one >= 0.5 for one in ends)
    assert aim["below"] == sum(one < 0 for one in ends) and aim["asked"] == len(ends)


def test_aims_are_listed_with_the_words_that_are_given():
    aims = judge_aims(differences(laa950={"a": BETTER, "b": BETTER}), {"laa950": ["a", "b"]})
    assert listed_aims(aims, {"b": "GOLD stage"}) == " (better than LAA-950 at a and GOLD stage)"
    assert listed_aims(aims[:0]) == ""
