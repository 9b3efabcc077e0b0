"""Chapter 8, what a batch tells: statistics of each landmark, and whether a subject depends on the others."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def own_statistics(a, landmark):
    groups = [a[landmark == j] for j in range(landmark.max() + 1)]
    return np.array([one.mean(axis=0) for one in groups]), np.array([one.var(axis=0) for one in groups])


def _per_landmark(a, landmark, spread):
    groups = [a[landmark == j] for j in range(landmark.max() + 1)]
    return np.array([one.mean(axis=0) for one in groups]), np.array([spread(one) for one in groups])


def _pooled(a, landmark):
    count = landmark.max() + 1
    return np.tile(a.mean(axis=0), (count, 1)), np.tile(a.var(axis=0), (count, 1))


def _over_channels(a, landmark):
    groups = [a[landmark == j] for j in range(landmark.max() + 1)]
    return np.array([one.mean() for one in groups]), np.array([one.var() for one in groups])


def _activations(random: np.random.Generator) -> tuple:
    landmarks, subjects, channels = (int(random.integers(*limits)) for limits in ((2, 6), (5, 12), (2, 5)))
    landmark = random.permutation(np.repeat(np.arange(landmarks), subjects))
    return random.normal(size=(len(landmark), channels)) * (1 + landmark[:, None]) + landmark[:, None], landmark


def depends_on_others(normalise, a):
    others_changed = a.copy()
    others_changed[1:] = 3 * a[1:] + 1
    return not np.allclose(normalise(a)[0], normalise(others_changed)[0])


def _with_first_changed(normalise, a):
    return not np.allclose(normalise(a), normalise(3 * a + 1))


def by_batch(a):
    return (a - a.mean(axis=0)) / a.std(axis=0)


def by_kept_numbers(a):
    return (a - 0.3) / 1.7


def by_itself(a):
    return (a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True)


def by_median(a):
    return a - np.median(a, axis=0)


def by_largest(a):
    return a / np.abs(a).max(axis=0)


NORMALISATIONS = (by_batch, by_kept_numbers, by_itself, by_median, by_largest)


def _normalisation(random: np.random.Generator) -> tuple:
    return NORMALISATIONS[random.integers(len(NORMALISATIONS))], random.normal(size=(int(random.integers(6, 20)), 4))


EXERCISES = (
    Exercise(
        id="8-own",
        right=own_statistics,
        inputs=_activations,
        learnt="These are the numbers that landmark norm keeps for use after training.",
        mistakes=(
            Mistake(_pooled, "These are the statistics of all landmarks together, which no batch of training had."),
            Mistake(
                lambda a, landmark: _per_landmark(a, landmark, lambda one: one.std(axis=0)),
                "You return standard deviations. The variance is asked for.",
            ),
            Mistake(
                lambda a, landmark: _per_landmark(a, landmark, lambda one: one.var(axis=0, ddof=1)),
                "You divide by n − 1. Batch norm divides by n.",
            ),
            Mistake(_over_channels, "Every channel has statistics of its own: take means over subjects only."),
        ),
    ),
    Exercise(
        id="8-others",
        right=depends_on_others,
        inputs=_normalisation,
        learnt="Anything that fails this test is no description of one subject, whatever its R² is.",
        mistakes=(
            Mistake(
                lambda normalise, a: True,
                "By your test each depends on the others. Change them, and see whether the first row moves at all.",
            ),
            Mistake(
                lambda normalise, a: False,
                "None depends on the others by your test, but a mean does. Change their values, not only their order.",
            ),
            Mistake(_with_first_changed, "Compare the one subject that stayed as it was, not all of them."),
            Mistake(
                lambda normalise, a: not depends_on_others(normalise, a),
                "True and False are exchanged: True is for a normalisation that depends on the others.",
            ),
        ),
    ),
)
