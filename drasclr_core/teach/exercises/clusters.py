"""Chapter 13, clusters instead of pairs: Sinkhorn's turns, and where attention looks."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def sinkhorn(scores, epsilon, iterations):
    q = np.exp(scores / epsilon)
    for _ in range(iterations):
        q = q / q.sum(axis=0, keepdims=True)
        q = q / q.sum(axis=1, keepdims=True)
    return q


def _softmax(scores, epsilon, iterations):
    q = np.exp(scores / epsilon)
    return q / q.sum(axis=1, keepdims=True)


def _columns_last(scores, epsilon, iterations):
    q = np.exp(scores / epsilon)
    for _ in range(iterations):
        q = q / q.sum(axis=1, keepdims=True)
        q = q / q.sum(axis=0, keepdims=True)
    return q


def _once(scores, epsilon, iterations):
    return sinkhorn(scores, epsilon, 1)


def _scores(random: np.random.Generator) -> tuple:
    shape = int(random.integers(8, 16)), int(random.integers(3, 6))
    return random.uniform(-1, 1, shape), float(random.uniform(0.2, 0.6)), int(random.integers(2, 5))


def attended(query, keys, values):
    weights = np.exp(keys @ query / np.sqrt(len(query)))
    return weights / weights.sum() @ values


def _unscaled(query, keys, values):
    weights = np.exp(keys @ query)
    return weights / weights.sum() @ values


def _slices(random: np.random.Generator) -> tuple:
    count = int(random.integers(5, 12))
    return random.normal(size=4), random.normal(size=(count, 4)), random.normal(size=(count, 3))


EXERCISES = (
    Exercise(
        id="13-sinkhorn",
        right=sinkhorn,
        inputs=_scores,
        learnt="Three such turns keep SwAV from giving all samples to one prototype.",
        mistakes=(
            Mistake(_softmax, "This is a softmax of each row. Which step keeps a prototype from taking everything?"),
            Mistake(_columns_last, "Your rows come first in each turn, so that the result's rows do not sum to one."),
            Mistake(_once, "You take one turn, whatever `iterations` says."),
            Mistake(
                lambda scores, epsilon, iterations: sinkhorn(scores, 1, iterations),
                "Epsilon is missing: divide the scores by it before the exponential.",
            ),
        ),
    ),
    Exercise(
        id="13-attention",
        right=attended,
        inputs=_slices,
        learnt="The weights are the same softmax as in Eq. 6: a query asks which key is its own.",
        mistakes=(
            Mistake(_unscaled, "Divide the products by the square root of `len(query)`."),
            Mistake(lambda query, keys, values: values.mean(axis=0), "That looks at all slices alike."),
            Mistake(
                lambda query, keys, values: values[np.argmax(keys @ query)],
                "That takes the one best slice. Attention takes a weighted mean, so that it has a gradient.",
            ),
            Mistake(
                lambda query, keys, values: np.exp(keys @ query / np.sqrt(len(query))) @ values,
                "Your weights do not sum to one.",
            ),
        ),
    ),
)
