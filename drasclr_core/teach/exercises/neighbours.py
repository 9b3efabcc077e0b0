"""Chapter 7, neighbours: sum and mean of logits, and a nuisance that a subject's patches share."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def without(x, z):
    centred = z - z.mean()
    slope = (centred * (x - x.mean())).sum() / (centred**2).sum()
    return x - slope * centred


def _through_zero(x, z):
    return x - (x * z).sum() / (z**2).sum() * z


def _mean_lost(x, z):
    return without(x, z) - x.mean()


def _other_slope(x, z):
    centred = x - x.mean()
    return x - (centred * (z - z.mean())).sum() / (centred**2).sum() * (z - z.mean())


def _subjects(random: np.random.Generator) -> tuple:
    z = random.normal(3, 1, int(random.integers(20, 40)))
    return random.normal(-2, 2, len(z)) + random.uniform(-3, 3) * z, z


EXERCISES = (
    Exercise(
        id="7-sum",
        right=0.2 / 3,
        tolerance=1e-3,
        learnt="So a sum over more neighbours is a lower temperature: the loss gets sharper, not only better informed.",
        mistakes=(
            Mistake(0.6, "The other way round: a mean is smaller than a sum, so it has to be divided by less."),
            Mistake(0.2, "At the same temperature the mean's logits are a third of the sum's."),
            Mistake(0.1, "That would be for two neighbours. Here there are three."),
        ),
    ),
    Exercise(
        id="7-nuisance",
        right=without,
        inputs=_subjects,
        learnt="What is left has no correlation with the measured nuisance, and the cohort's mean is as it was.",
        mistakes=(
            Mistake(
                lambda x, z: x - z, "You subtract the nuisance itself. How strongly does x follow it? Fit the slope."
            ),
            Mistake(_through_zero, "Your line goes through zero. Take both means away before you compute the slope."),
            Mistake(_mean_lost, "The mean over the cohort is lost. Subtract only what differs from the mean of z."),
            Mistake(_other_slope, "Your slope is that of z on x. Divide by the variance of z, not of x."),
            Mistake(lambda x, z: x - x.mean(), "You take the mean away, which has nothing to do with z."),
        ),
    ),
)
