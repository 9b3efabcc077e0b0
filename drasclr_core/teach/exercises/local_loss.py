"""Chapter 5, the local loss: cross entropy by hand, and how low it can get."""

from __future__ import annotations

import math

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def local_loss(q, k, negatives, temperature):
    positive = np.exp((q * k).sum(axis=1) / temperature)
    negative = np.exp(q @ negatives.T / temperature).sum(axis=1)
    return -np.log(positive / (positive + negative)).mean()


def _key_left_out(q, k, negatives, temperature):
    negative = np.exp(q @ negatives.T / temperature).sum(axis=1)
    return -((q * k).sum(axis=1) / temperature - np.log(negative)).mean()


def _each_query(q, k, negatives, temperature):
    positive = np.exp((q * k).sum(axis=1) / temperature)
    return -np.log(positive / (positive + np.exp(q @ negatives.T / temperature).sum(axis=1)))


def _positive_only(q, k, negatives, temperature):
    return -((q * k).sum(axis=1) / temperature).mean()


def _embeddings(random: np.random.Generator) -> tuple:
    queries, keys, negatives = (random.normal(size=(count, 8)) for count in (5, 5, 12))
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in (queries, keys, negatives)]
    return *unit, float(random.uniform(0.1, 0.8))


EXERCISES = (
    Exercise(
        id="5-loss",
        right=local_loss,
        inputs=_embeddings,
        learnt="This is Eq. 6, the mean over a batch of what a classifier with N + 1 classes would pay.",
        mistakes=(
            Mistake(_key_left_out, "The denominator holds the key too, not only the negatives."),
            Mistake(
                lambda q, k, negatives, temperature: local_loss(q, k, negatives, 1),
                "Nothing depends on the temperature in your function: divide each product by it.",
            ),
            Mistake(
                lambda q, k, negatives, temperature: local_loss(q, k, negatives, 1 / temperature),
                "You multiply by the temperature. Eq. 6 divides by it.",
            ),
            Mistake(
                lambda q, k, negatives, temperature: -local_loss(q, k, negatives, temperature),
                "The sign: a loss is the negative logarithm of a probability, so it is not below zero.",
            ),
            Mistake(
                lambda q, k, negatives, temperature: len(q) * local_loss(q, k, negatives, temperature),
                "You sum over the batch. Return the mean, so that the loss does not grow with the batch.",
            ),
            Mistake(_each_query, "This is the loss of each query. Return their mean, one number."),
            Mistake(_positive_only, "You look at the key only. Without negatives all points may collapse into one."),
        ),
    ),
    Exercise(
        id="5-floor",
        right=math.log1p(4096 * math.exp(-10)),
        tolerance=2e-3,
        learnt="At 0.2 it is 3.35: whether a loss is low depends on its temperature.",
        mistakes=(
            Mistake(math.log(4097), "This is chance, when all products are equal. Here the key's product is 1."),
            Mistake(math.log1p(4096 * math.exp(-5)), "This is the loss at a temperature of 0.2. What is 1 / 0.1?"),
            Mistake(math.log1p(4096 * math.exp(-0.1)), "You multiply by the temperature. Divide by it."),
            Mistake(math.log1p(4096 * math.exp(-1)), "The temperature is missing: exp(1 / 0.1) is not exp(1)."),
            Mistake(0, "It comes close, but 4096 small numbers are not nothing: each negative adds exp(0)."),
        ),
    ),
)
