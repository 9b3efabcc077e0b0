"""Every model solution passes, and every typical mistake fails with the hint that was written for it."""

import numpy as np
import pytest

from drasclr_core.teach.check import judge
from drasclr_core.teach.compare import EMPTY
from drasclr_core.teach.exercises import CHAPTERS, EXERCISES

MISTAKES = [
    pytest.param(exercise, mistake, id=f"{exercise.id}-{number}")
    for exercise in EXERCISES.values()
    for number, mistake in enumerate(exercise.mistakes)
]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)
def test_the_solution_is_right_and_says_what_it_shows(exercise):
    verdict = judge(exercise, exercise.right)
    assert verdict.right, verdict.message
    assert len(verdict.message.split()) >= 6


@pytest.mark.parametrize("exercise, mistake", MISTAKES)
def test_a_typical_mistake_gets_its_own_hint(exercise, mistake):
    verdict = judge(exercise, mistake.answer)
    assert not verdict.right and verdict.message == mistake.hint


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)
def test_an_exercise_knows_mistakes_and_says_when_it_is_empty(exercise):
    assert exercise.mistakes
    assert judge(exercise, ...).message == EMPTY
    if callable(exercise.right):
        assert judge(exercise, lambda *arguments: ...).message == EMPTY
        draws = [exercise.inputs(np.random.default_rng(seed)) for seed in (0, 1)]
        assert repr(draws[0]) != repr(draws[1]), "inputs are random"


def test_every_chapter_has_two_exercises_or_more():
    assert all(len(chapter.EXERCISES) >= 2 for chapter in CHAPTERS.values())
    assert len(EXERCISES) == sum(len(chapter.EXERCISES) for chapter in CHAPTERS.values()), "an id is there twice"
