"""How long a simulated subject lives, and how long the study knows."""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.labels.spirometry import Spirometry
from drasclr_core.cohort.phantom.subject.traits import Traits

_YEAR = 365.25
_SHAPE = 1.25  # of the Weibull baseline: the hazard rises slowly with time
_SCALE_YEARS = 110.0  # of the Weibull baseline


def log_hazard(traits: Traits, truth: dict[str, float], breath: Spirometry) -> float:
    """Returns the log hazard ratio against a 60-year-old woman, former smoker, FEV1pp 76, with healthy lungs.

    With c, l, s the centrilobular, panlobular and paraseptal fractions, a the wall thickening, r the resilience::

        0.065 (age - 60) + 0.25 male + 0.10 Black + 0.25 current + 0.005 (pack-years - 40)
        - 0.006 (FEV1pp - 76) + 4.5 c + 2.5 l + 12 s + 1.2 a + 0.5 (BMI to 21) - 0.55 r

    The disease terms come on top of FEV1: they are what an image adds to spirometry. r acts on dyspnea and the walk
    as well, so BODE knows a part of it and no image does.
    """
    return float(
        0.065 * (traits.age - 60)
        + 0.25 * (traits.sex == "male")
        + 0.10 * (traits.race == "Black")
        + 0.25 * (traits.smoking == "current")
        + 0.005 * (traits.pack_years - 40)
        - 0.006 * (breath.fev1_pp - 76)
        + 4.5 * truth["centrilobular"]
        + 2.5 * truth["panlobular"]
        + 12.0 * truth["paraseptal"]
        + 1.2 * traits.wall_thickening
        + 0.5 * (traits.bmi <= 21)
        - 0.55 * traits.resilience
    )


def follow_up(log_risk: float, rng: np.random.Generator) -> tuple[int, int]:
    """Returns the days until death or censoring (at least 1), and whether the subject died (1) or was censored (0).

    Death: S(t) = exp(-(t / 110 y)^1.25 exp(log_risk)). Censoring, independent of it: the study ends 6.5 to 10 years
    after enrolment (uniform), and 2 % of the subjects a year are lost before that (exponential).
    """
    death = _SCALE_YEARS * (rng.standard_exponential() * np.exp(-log_risk)) ** (1 / _SHAPE)
    end = rng.uniform(6.5, 10.0)
    lost = rng.exponential(1 / 0.02)
    died = death <= min(end, lost)
    return max(int(np.ceil(min(death, end, lost) * _YEAR)), 1), int(died)
