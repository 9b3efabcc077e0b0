"""Checks an answer of the course: functions on random inputs, numbers within a tolerance. It keeps nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from drasclr_core.names import nearest_of
from drasclr_core.teach.compare import EMPTY, fault_of, same
from drasclr_core.teach.exercise import Exercise
from drasclr_core.teach.exercises import EXERCISES

COLORS = {True: "#009E73", False: "#D55E00"}


@dataclass(frozen=True)
class Verdict:
    """What `check` says of an answer.

    Attributes
    ----------
    right : bool
    message : str
        A hint, or what the right answer shows; code stands between backticks.
    """

    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'Right.' if self.right else 'Not yet.'} {self.message}".strip()

    def _repr_html_(self) -> str:
        text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(self.message, quote=False))
        word = "Right." if self.right else "Not yet."
        return (
            f'<div class="verdict" style="border-left: 4px solid {COLORS[self.right]}; padding: 0.3rem 0.8rem">'
            f"<strong>{word}</strong> {text}</div>"
        )


def check(exercise: str, answer: object) -> Verdict:
    """Returns whether an answer is right, and a hint that fits the mistake where it is not.

    Parameters
    ----------
    exercise : str
        Its id, such as ``"3-mix"``.
    answer : callable, number, str or None
        What the exercise asks for. None, or a function that returns nothing, is an answer that is still empty.

    Raises
    ------
    ValueError
        There is no such exercise.
    """
    if exercise not in EXERCISES:
        raise ValueError(f"There is no exercise {exercise!r}: {nearest_of(exercise, list(EXERCISES))}")
    return judge(EXERCISES[exercise], answer)


def judge(exercise: Exercise, answer: object) -> Verdict:
    """Returns the verdict on an answer to an exercise (see `check`)."""
    if answer is None or answer is ...:
        return Verdict(False, EMPTY)
    if isinstance(exercise.right, str):
        return _judge_word(exercise, answer)
    fault = fault_of(exercise, answer)
    if not fault:
        return Verdict(True, exercise.learnt)
    if fault == EMPTY:
        return Verdict(False, EMPTY)
    hints = (mistake.hint for mistake in exercise.mistakes if same(exercise, answer, mistake.answer))
    return Verdict(False, next(hints, fault))


def _judge_word(exercise: Exercise, answer: object) -> Verdict:
    hints = {mistake.answer: mistake.hint for mistake in exercise.mistakes}
    word = str(answer).strip().lower()
    if word == exercise.right:
        return Verdict(True, exercise.learnt)
    choices = ", ".join(sorted([exercise.right, *hints]))
    return Verdict(False, hints.get(word, f"Answer with one of these words: {choices}."))
