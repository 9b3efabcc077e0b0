"""What `check` says of answers that nobody foresaw."""

import re

import numpy as np
import pytest

from drasclr_core.teach import check
from drasclr_core.teach.check import judge
from drasclr_core.teach.exercise import Exercise, Mistake

DOUBLE = Exercise("0-double", lambda a: 2 * a, (Mistake(lambda a: a + 2, "You add."),), lambda r: (r.normal(size=3),))
SHARE = Exercise("0-share", 0.25, (Mistake(4, "The other way round."),))
WORD = Exercise("0-word", "left", (Mistake("right", "Look again."),))


def breaks(a):
    raise ZeroDivisionError("by zero")


def changes(a):
    a *= 2
    return a


@pytest.mark.parametrize("answer, said", [
    (lambda a: 6 * a, "is 3 times the right one"),
    (lambda a: a[:2], r"the shape \(2,\), the right one \(3,\)"),
    (lambda a: a * np.nan, "not finite"),
    (lambda a: "text", "no array of numbers"),
    (lambda a: a**3, "differs by up to"),
    (lambda a: a + 2, "^You add.$"),
    (breaks, "stops with ZeroDivisionError: by zero"),
    (changes, "changes its inputs"),
    (3, "asks for a function"),
])  # fmt: skip
def test_a_wrong_function_gets_a_hint(answer, said):
    verdict = judge(DOUBLE, answer)
    assert not verdict
    assert re.search(said, verdict.message), verdict.message


@pytest.mark.parametrize("answer, said", [
    (25, "in per cent"), (0.0025, "per cent are asked"), (-0.25, "sign"), (0.3, "too large"), (0.2, "too small"),
    (4, "other way"), ("a", "asks for a number"), (abs, "not for a function"), (float("nan"), "no finite"),
])  # fmt: skip
def test_a_wrong_number_gets_a_hint(answer, said):
    verdict = judge(SHARE, answer)
    assert not verdict and said in verdict.message


def test_numbers_within_the_tolerance_are_right():
    assert judge(SHARE, 0.2500001) and judge(SHARE, np.float32(0.25)) and not judge(SHARE, 0.2501)


@pytest.mark.parametrize("form", [tuple, list, np.array])
def test_several_things_may_be_a_tuple_a_list_or_an_array(form):
    """``np.quantile(x, [0.025, 0.975])`` is as right as the two ends one by one."""
    both = Exercise("0-ends", lambda a: (a.min(), a.max()), (Mistake(lambda a: (a.max(), a.min()), "Turn them."),),
                    lambda r: (r.normal(size=5),))  # fmt: skip
    assert judge(both, lambda a: form([a.min(), a.max()]))
    assert "Turn them" in judge(both, lambda a: form([a.max(), a.min()])).message
    assert "return 2 things" in judge(both, lambda a: form([a.min()] * 3)).message
    assert "return 2 things" in judge(both, lambda a: a.min()).message


def test_an_unknown_word_is_told_the_choices():
    assert judge(WORD, " Left ") and judge(WORD, "right").message == "Look again."
    assert "left, right" in judge(WORD, "up").message


def test_a_misspelt_exercise_is_an_error_that_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean '1-lower'"):
        check("1-lowr", "same")


def test_a_verdict_is_a_line_of_text_and_safe_html():
    verdict = judge(SHARE, "<script>")
    assert repr(verdict).startswith("Not yet. ") and "<script>" not in verdict._repr_html_()
    assert "<code>place</code>" in check("1-negatives", lambda place, subject, j, i: subject != i)._repr_html_()
