"""Every model solution passes, and every typical mistake fails with the hint that was written for it."""

import numpy as np
import pytest
import torch

from drasclr_core import model
from drasclr_core.evaluate.statistics.significance import corrected_error
from drasclr_core.image_volume import sinkhorn
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


def _drawn(exercise):
    return [EXERCISES[exercise].inputs(np.random.default_rng(seed)) for seed in range(5)]


def test_solutions_are_what_the_core_computes():
    """An exercise that asks for a part of the core asks for that very part."""
    for scores, epsilon, iterations in _drawn("13-sinkhorn"):
        core = sinkhorn(torch.from_numpy(scores), epsilon, iterations)
        np.testing.assert_allclose(EXERCISES["13-sinkhorn"].right(scores, epsilon, iterations), core, rtol=1e-9)
    for *vectors, temperature in _drawn("5-loss"):
        core = model.local_loss(*map(torch.from_numpy, vectors), temperature)
        np.testing.assert_allclose(EXERCISES["5-loss"].right(*vectors, temperature), core, rtol=1e-9)
    for difference, test_to_train in _drawn("12-corrected"):
        t = difference.mean() / corrected_error(difference, test_to_train)
        np.testing.assert_allclose(EXERCISES["12-corrected"].right(difference, test_to_train), t)
