"""Chapter 12, more than luck: the corrected resampled t-test, and how exactly a simulated rate is known."""

from __future__ import annotations

import math

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def corrected_t(d, test_to_train):
    error = np.sqrt((1 / len(d) + test_to_train) * d.var(ddof=1))
    return d.mean() / error


def _plain(d, test_to_train):
    return d.mean() / np.sqrt(d.var(ddof=1) / len(d))


def _without_root(d, test_to_train):
    return d.mean() / ((1 / len(d) + test_to_train) * d.var(ddof=1))


def _by_n(d, test_to_train):
    return d.mean() / np.sqrt((1 / len(d) + test_to_train) * d.var())


def _times(d, test_to_train):
    return d.mean() / np.sqrt(test_to_train / len(d) * d.var(ddof=1))


def _differences(random: np.random.Generator) -> tuple:
    return random.normal(0.1, 0.3, int(random.integers(10, 60))), float(random.choice([1 / 4, 1 / 9]))


EXERCISES = (
    Exercise(
        id="12-corrected",
        right=corrected_t,
        inputs=_differences,
        learnt="However often folds are drawn anew, the error does not fall below that of the subjects there are.",
        mistakes=(
            Mistake(_plain, "This is the ordinary t. Which term does not vanish when there are many folds?"),
            Mistake(_without_root, "The error is a square root."),
            Mistake(_by_n, "The variance divides by J − 1: `ddof=1`."),
            Mistake(_times, "1 / J and the ratio are added, not multiplied."),
        ),
    ),
    Exercise(
        id="12-rate",
        right=2 * math.sqrt(0.05 * 0.95 / 1000),
        tolerance=3e-4,
        learnt="So 6 % in 1,000 studies is no evidence against a test, and 30 % is.",
        mistakes=(
            Mistake(math.sqrt(0.05 * 0.95 / 1000), "This is one standard error. Two are asked for."),
            Mistake(2 * math.sqrt(0.05 * 0.95), "This is for a single study. Divide by the number of studies."),
            Mistake(2 * 0.05 * 0.95 / 1000, "The square root is missing."),
            Mistake(2 * math.sqrt(0.25 / 1000), "That is for a rate of one half. Here it is 5 %."),
        ),
    ),
)
