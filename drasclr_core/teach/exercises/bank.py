"""Chapter 6, a bank that remembers who and when: the mask, and how long a key network remembers."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def left_out(bank_subjects, made_at, subjects, now, max_age):
    own = bank_subjects[None, :] == subjects[:, None]
    too_old = now - made_at > max_age
    return own | too_old[None, :]


def _own_only(bank_subjects, made_at, subjects, now, max_age):
    return bank_subjects[None, :] == subjects[:, None]


def _old_only(bank_subjects, made_at, subjects, now, max_age):
    return np.broadcast_to(now - made_at > max_age, (len(subjects), len(made_at))).copy()


def _both_at_once(bank_subjects, made_at, subjects, now, max_age):
    return _own_only(bank_subjects, made_at, subjects, now, max_age) & (now - made_at > max_age)


def _one_too_early(bank_subjects, made_at, subjects, now, max_age):
    return _own_only(bank_subjects, made_at, subjects, now, max_age) | (now - made_at >= max_age)


def _bank(random: np.random.Generator) -> tuple:
    size, now = int(random.integers(15, 40)), int(random.integers(30, 60))
    made_at = now - random.integers(1, 12, size)
    return random.integers(0, 8, size), made_at, random.choice(8, 4, replace=False), now, int(random.integers(3, 9))


EXERCISES = (
    Exercise(
        id="6-mask",
        right=left_out,
        inputs=_bank,
        learnt="Who and when: the two things that a bank has to remember beside the keys.",
        mistakes=(
            Mistake(_own_only, "Own keys are left out, old ones are not. What do `made_at` and `now` tell?"),
            Mistake(
                _old_only, "Old keys are left out, a subject's own are not. Compare the subjects of keys and queries."
            ),
            Mistake(_both_at_once, "You leave out keys that are own *and* old. One of the two is enough."),
            Mistake(_one_too_early, "A key of exactly the greatest age may still be used: larger than, not at least."),
            Mistake(
                lambda *given: ~left_out(*given), "True and False are exchanged: True is for keys that are left out."
            ),
            Mistake(
                lambda *given: left_out(*given).T,
                "The mask has a row for each query and a column for each key; turn it.",
            ),
        ),
    ),
    Exercise(
        id="6-momentum",
        right=1 - 10 / 1572,
        tolerance=4e-4,
        learnt="The published 0.999 remembers 1,000 steps: after 1,572 a fifth of the key network would still be its "
        "random beginning.",
        mistakes=(
            Mistake(0.999, "This is the published value. It remembers 1,000 steps, far more than a tenth of 1,572."),
            Mistake(10 / 1572, "This is 1 − m."),
            Mistake(0.9, "0.9 remembers 10 steps. A tenth of 1,572 steps is more."),
            Mistake(157.2, "These are the steps that are remembered. Which m has 1 / (1 − m) equal to them?"),
        ),
    ),
)
