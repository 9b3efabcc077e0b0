"""What readers and questionnaires say about a simulated subject: visual scores, dyspnea, walk, BODE, exacerbations."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from drasclr_core.cohort.phantom.labels.spirometry import Spirometry
from drasclr_core.cohort.phantom.subject.traits import Traits

_CLE_LIMITS = np.sqrt([0.0015, 0.015, 0.05, 0.12, 0.24])
_PARASEPTAL_LIMITS = np.sqrt([0.003, 0.030])
_MMRC_LIMITS = [0.0, 0.55, 1.10, 2.15]
_MOSMED_LIMITS = [0.25, 0.50]


def centrilobular_score(truth: dict[str, float], rng: np.random.Generator) -> int:
    """Returns the Fleischner score: 0 none, 1 trace, 2 mild, 3 moderate, 4 confluent, 5 advanced destructive.

    The reader judges sqrt(c + l/2) + 0.045 n against the square roots of 0.15, 1.5, 5, 12 and 24 %. c and l are the
    centrilobular and panlobular fractions of the lung (l counts half: advanced destructive emphysema looks panlobular).
    With this noise two readings agree with a linearly weighted kappa of about 0.76.
    """
    seen = np.sqrt(truth["centrilobular"] + truth["panlobular"] / 2) + 0.045 * rng.standard_normal()
    return int(np.searchsorted(_CLE_LIMITS, seen, side="right"))


def paraseptal_score(truth: dict[str, float], rng: np.random.Generator) -> int:
    """Returns 0 absent, 1 mild, 2 substantial: sqrt(s) + 0.045 n against the square roots of 0.3 and 3 % of the lung.

    With this noise two readings agree with a linearly weighted kappa of about 0.71.
    """
    seen = np.sqrt(truth["paraseptal"]) + 0.045 * rng.standard_normal()
    return int(np.searchsorted(_PARASEPTAL_LIMITS, seen, side="right"))


def exacerbation_history(traits: Traits, breath: Spirometry, rng: np.random.Generator) -> int:
    """Returns 1 if there was an exacerbation in the year before, 0 if not.

    logit P = -2.85 + 0.035 max(90 - FEV1pp, 0) + 1.1 a - 0.25 r + 0.3 female, with a the airway wall thickening, which
    adds to what FEV1 tells (Han 2011), and r the unseen resilience.
    """
    logit = (
        -2.85
        + 0.035 * max(90 - breath.fev1_pp, 0.0)
        + 1.1 * traits.wall_thickening
        - 0.25 * traits.resilience
        + 0.3 * (traits.sex == "female")
    )
    return int(rng.random() < expit(logit))


def dyspnea(traits: Traits, breath: Spirometry, rng: np.random.Generator) -> int:
    """Returns the MMRC grade, 0.032 (80 - FEV1pp) + 0.03 (BMI - 29) - 0.6 r + 0.8 n against 0, 0.55, 1.1 and 2.15."""
    burden = 0.032 * (80 - breath.fev1_pp) + 0.03 * (traits.bmi - 29) - 0.6 * traits.resilience
    return int(np.searchsorted(_MMRC_LIMITS, burden + 0.8 * rng.standard_normal(), side="right"))


def six_minute_walk(traits: Traits, truth: dict[str, float], breath: Spirometry, rng: np.random.Generator) -> float:
    """Returns metres: 412 - 3 (age - 60) + 2 (FEV1pp - 76) - 3 (BMI - 29) - 150 (c + l) + 45 r + 60 n, 30 to 750.

    Emphysema (c + l) shortens the walk beyond what FEV1 tells, by poor gas exchange.
    """
    emphysema = truth["centrilobular"] + truth["panlobular"]
    mean = 412 - 3 * (traits.age - 60) + 2 * (breath.fev1_pp - 76) - 3 * (traits.bmi - 29) - 150 * emphysema
    return float(np.clip(mean + 45 * traits.resilience + 60 * rng.standard_normal(), 30, 750))


def bode_index(bmi: float, fev1_pp: float, mmrc: int, walk_m: float) -> int:
    """Returns the BODE index 0 to 10 (Celli 2004, Table 2).

    ========  ========  ========  ========  ========
    points    0         1         2         3
    ========  ========  ========  ========  ========
    FEV1pp    65 up     50-64     36-49     to 35
    walk, m   350 up    250-349   150-249   to 149
    MMRC      0-1       2         3         4
    BMI       over 21   to 21
    ========  ========  ========  ========  ========

    The table is for whole numbers; values between two rows belong to the worse one (FEV1pp 64.9 scores 1).
    """
    points = int(fev1_pp < 65) + int(fev1_pp < 50) + int(fev1_pp < 36)
    points += int(walk_m < 350) + int(walk_m < 250) + int(walk_m < 150)
    return points + max(mmrc - 1, 0) + int(bmi <= 21)


def mosmed_grade(extent: float) -> int:
    """Returns the MosMed grade (Morozov 2020) by the affected lung: 0, below 25, 25 to 50, 50 to 75, above 75 %."""
    if extent <= 0:
        return 0
    return 1 + int(np.searchsorted(_MOSMED_LIMITS, extent, side="right")) + int(extent > 0.75)


def covid_severity(traits: Traits, truth: dict[str, float], rng: np.random.Generator) -> int:
    """Returns the recorded grade, by extent - 0.02 r + 0.03 n, because readers, and the clinical findings that MosMed
    used too, disagree with the voxels near a border. Lungs with disease are never graded 0."""
    if truth["covid"] <= 0:
        return 0
    noise = -0.02 * traits.resilience + 0.03 * rng.standard_normal()
    return mosmed_grade(max(truth["covid"] + noise, 1e-6))
