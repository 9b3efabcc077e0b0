"""Compares two answers, and says in words how one differs from what is right."""

from __future__ import annotations

import copy
import math
import zlib
from collections.abc import Callable

import numpy as np

from drasclr_core.teach.exercise import Exercise

EMPTY = "Still empty: put your answer in the place of the dots."
TRIALS = 12
"""Random inputs on which functions are compared."""


def fault_of(exercise: Exercise, answer: object) -> str:
    """Returns what is wrong with an answer, in words; an empty text where nothing is."""
    if exercise.inputs is None:
        return _fault_of_number(exercise, answer)
    if not callable(answer):
        return "This exercise asks for a function: give its name, without brackets."
    for trial in range(1 if exercise.fault else TRIALS):
        arguments = _arguments(exercise, trial)
        before = copy.deepcopy(arguments)
        try:
            given = answer(*arguments)
        except NotImplementedError:
            return EMPTY
        except Exception as error:
            return f"On inputs of shapes {_shapes(before)} your function stops with {type(error).__name__}: {error}."
        if given is None or given is ...:
            return EMPTY if trial == 0 else "For some inputs your function returns nothing."
        if not all(_equal(one, other, 0) for one, other in zip(arguments, before, strict=True)):
            return "Your function changes its inputs: work on a copy."
        if exercise.fault:
            return _tried(exercise, answer)
        fault = _difference(given, exercise.right(*before), exercise.tolerance)
        if fault:
            return f"On random inputs of shapes {_shapes(before)}: {fault}"
    return ""


def _tried(exercise: Exercise, answer: Callable) -> str:
    """What `Exercise.fault` says; an answer that it cannot use is told why."""
    try:
        return exercise.fault(answer)
    except Exception as error:
        return f"Trying your function stops with {type(error).__name__}: {error}."


def same(exercise: Exercise, answer: object, other: object) -> bool:
    """Returns whether two answers to an exercise say the same, on every random input where they are functions."""
    if exercise.inputs is None:
        return _equal(answer, other, exercise.tolerance)
    try:
        return all(
            _equal(answer(*_arguments(exercise, trial)), other(*_arguments(exercise, trial)), exercise.tolerance)
            for trial in range(TRIALS)
        )
    except Exception:  # whatever a wrong function does: then it is another mistake
        return False


def _arguments(exercise: Exercise, trial: int) -> tuple:
    """Inputs that are random, but the same for the same exercise: one mistake always gets the same hint."""
    return exercise.inputs(np.random.default_rng([zlib.crc32(exercise.id.encode()), trial]))


def _fault_of_number(exercise: Exercise, answer: object) -> str:
    if callable(answer):
        return "This exercise asks for a number, not for a function."
    try:
        given = float(answer)
    except (TypeError, ValueError):
        return f"This exercise asks for a number, not for {answer!r}."
    right = float(exercise.right)
    if _equal(given, right, exercise.tolerance):
        return ""
    for factor, slip in ((100, "Is yours in per cent, where a fraction is asked for?"),
                         (0.01, "Is yours a fraction, where per cent are asked for?"),
                         (-1, "Look at the sign.")):  # fmt: skip
        if _equal(given, right * factor, exercise.tolerance):
            return slip
    if not math.isfinite(given):
        return "That is no finite number."
    return f"{given:.6g} is too {'large' if given > right else 'small'}."


def _difference(given: object, right: object, tolerance: float) -> str:
    """How a returned value differs from the right one; an empty text where it does not."""
    if isinstance(right, tuple):
        given = _things(given)
        if given is None or len(given) != len(right):
            return f"return {len(right)} things, with a comma between them."
        faults = (_difference(one, other, tolerance) for one, other in zip(given, right, strict=True))
        return next((f"thing {number}: {fault}" for number, fault in enumerate(faults, 1) if fault), "")
    try:
        given, right = _array(given), _array(right)
    except (TypeError, ValueError):
        return f"your function returns a {type(given).__name__} that is no array of numbers."
    if given.shape != right.shape:
        return f"your result has the shape {given.shape}, the right one {right.shape}."
    if _equal(given, right, tolerance):
        return ""
    if not np.isfinite(given).all() and np.isfinite(right).all():
        return "your result holds values that are not finite."
    if right.dtype == bool and not right.shape:
        return f"your function says {bool(given)} where {bool(right)} is right."
    if right.dtype == bool:
        return f"{100 * np.mean(given != right):.0f} % of your answers are wrong."
    ratio = np.median((given / np.where(right == 0, np.nan, right))[right != 0]) if (right != 0).any() else np.nan
    if np.isfinite(ratio) and _equal(given, right * ratio, tolerance):
        return f"your result is {ratio:.4g} times the right one."
    return f"your result differs by up to {np.abs(given - right).max():.3g}."


def _equal(one: object, other: object, tolerance: float) -> bool:
    if isinstance(one, tuple) or isinstance(other, tuple):
        one, other = _things(one), _things(other)
        both = one is not None and other is not None and len(one) == len(other)
        return both and all(_equal(a, b, tolerance) for a, b in zip(one, other, strict=True))
    if callable(one) or callable(other):
        return one is other or (callable(one) and callable(other))
    try:
        one, other = _array(one), _array(other)
    except (TypeError, ValueError):
        return False
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True))


def _things(value: object) -> tuple | None:
    """Several things that a function returns as a tuple, a list or the rows of an array; None where it is one thing."""
    return tuple(value) if isinstance(value, tuple | list) or np.ndim(value) else None


def _array(value: object) -> np.ndarray:
    """An array of numbers or truth values of an array, tensor, number or list."""
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    return array if array.dtype == bool else array.astype(float)


def _shapes(arguments: tuple) -> str:
    return ", ".join(str(tuple(np.shape(one))) if np.shape(one) else f"{one!r}" if not callable(one) else "a function"
                     for one in arguments)  # fmt: skip
