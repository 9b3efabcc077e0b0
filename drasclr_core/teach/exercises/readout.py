"""Chapter 10, readout without leaks: choosing features inside the fold, and which split leaks."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def chosen(x, y, train, count):
    x, y = x[train], y[train]
    products = ((x - x.mean(axis=0)) * (y - y.mean())[:, None]).mean(axis=0)
    correlation = products / (x.std(axis=0) * y.std())
    return np.sort(np.argsort(-np.abs(correlation))[:count])


def _all_subjects(x, y, train, count):
    return chosen(x, y, np.ones(len(y), bool), count)


def _tested_subjects(x, y, train, count):
    return chosen(x, y, ~train, count)


def _signed(x, y, train, count):
    x, y = x[train], y[train]
    products = ((x - x.mean(axis=0)) * (y - y.mean())[:, None]).mean(axis=0)
    return np.sort(np.argsort(-products / x.std(axis=0))[:count])


def _covariance(x, y, train, count):
    x, y = x[train], y[train]
    return np.sort(np.argsort(-np.abs(((x - x.mean(axis=0)) * (y - y.mean())[:, None]).mean(axis=0)))[:count])


def _weakest(x, y, train, count):
    x, y = x[train], y[train]
    products = ((x - x.mean(axis=0)) * (y - y.mean())[:, None]).mean(axis=0)
    return np.sort(np.argsort(np.abs(products / x.std(axis=0)))[:count])


def _study(random: np.random.Generator) -> tuple:
    subjects = int(random.integers(30, 50))
    x = random.normal(size=(subjects, 20)) * np.exp(random.normal(size=20))
    return x, random.normal(size=subjects), random.random(subjects) < 0.7, int(random.integers(3, 8))


EXERCISES = (
    Exercise(
        id="10-choose",
        right=chosen,
        inputs=_study,
        learnt="Whatever looks at a label belongs inside the fold, choosing features first of all.",
        mistakes=(
            Mistake(_all_subjects, "You look at all subjects, the tested ones too. Use `train`."),
            Mistake(_tested_subjects, "You look at the tested subjects only: `train` is True for training subjects."),
            Mistake(_signed, "A strong negative correlation is as useful as a positive one: take absolute values."),
            Mistake(
                _covariance, "You rank by covariance, which favours features of large scale. Divide by their spread."
            ),
            Mistake(_weakest, "These are the weakest features. `np.argsort` begins with the smallest."),
        ),
    ),
    Exercise(
        id="10-split",
        right="scan",
        learnt="Two scans of one person are nearly one scan: in both parts they let the readout recognise the person.",
        mistakes=(
            Mistake("subject", "Whoever is tested was never seen in training: that is what a score should be of."),
            Mistake("site", "Whole hospitals are left out, and their subjects with them. That is stricter still."),
        ),
    ),
)
