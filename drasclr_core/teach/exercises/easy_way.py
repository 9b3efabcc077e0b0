"""Chapter 1, the easy way out: who may be a negative, and which bank has the lower loss."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def allowed_negatives(place, subject, j, i):
    same_place = place == j
    other_subject = subject != i
    return same_place & other_subject


def _bank(random: np.random.Generator) -> tuple:
    size = int(random.integers(20, 60))
    return random.integers(0, 4, size), random.integers(0, 6, size), int(random.integers(4)), int(random.integers(6))


EXERCISES = (
    Exercise(
        id="1-negatives",
        right=allowed_negatives,
        inputs=_bank,
        learnt="These two conditions are the whole idea of DrasCLR: the same place, another person.",
        mistakes=(
            Mistake(
                lambda place, subject, j, i: place == j,
                "A key of subject i itself may be among these. It would push i away from i.",
            ),
            Mistake(
                lambda place, subject, j, i: subject != i,
                "These come from anywhere in the lungs: the place alone tells them apart. Look at `place` too.",
            ),
            Mistake(
                lambda place, subject, j, i: (place != j) & (subject != i),
                "These are all the other places. Which places make the task hard?",
            ),
            Mistake(
                lambda place, subject, j, i: ~((place == j) & (subject != i)),
                "True and False are exchanged: True is for keys that may be negatives.",
            ),
            Mistake(
                lambda place, subject, j, i: (place == j) | (subject != i),
                "Both conditions must hold at once; yours takes keys for which one of them holds.",
            ),
        ),
    ),
    Exercise(
        id="1-lower",
        right="everywhere",
        learnt="The easy task has the low loss. A low loss says that the task is solved, not that disease is known.",
        mistakes=(
            Mistake(
                "same", "Of keys of one place only disease tells them apart, and noise hides it. Which task is easier?"
            ),
        ),
    ),
)
