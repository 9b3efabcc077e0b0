"""An exercise: what is right, which wrong answers are typical, and what each of them is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer.

    Attributes
    ----------
    answer : callable, float or str
        Of the same kind as the right one.
    hint : str
        What leads on from this very mistake, without giving the answer away.
    """

    answer: Callable | float | str
    hint: str


@dataclass(frozen=True)
class Exercise:
    """An exercise of the course.

    Attributes
    ----------
    id : str
        ``<chapter>-<word>``.
    right : callable, float or str
        The model solution: a function of NumPy arrays (or tensors), a number, or one word of a choice.
    mistakes : tuple of Mistake
        Of a choice: all its other words.
    inputs : callable, optional
        For functions: takes a `numpy.random.Generator` and returns the arguments, other ones for every generator.
    learnt : str
        What a right answer shows, in one sentence.
    tolerance : float
        By how much an answer may differ, relative to the right one and absolute.
    fault : callable, optional
        For functions of which many are right: takes the answer, tries it, and returns what is wrong with it in words,
        an empty text where nothing is. It stands in the place of the comparison with `right`.
    """

    id: str
    right: Callable | float | str
    mistakes: tuple[Mistake, ...]
    inputs: Callable | None = None
    learnt: str = ""
    tolerance: float = 1e-5
    fault: Callable[[Callable], str] | None = None
