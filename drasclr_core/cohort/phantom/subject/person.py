"""The person of a simulated subject: demography, size of the lungs, and how deeply they breathe in for the scan."""

from __future__ import annotations

import numpy as np
from scipy.special import expit


def draw_person(rng: np.random.Generator, severity: float) -> dict:
    """Returns the demography given severity s: the ill are older, smoked more, and have more often stopped.

    With n and u a new standard normal and a new uniform number each time, and L the logistic function::

        female      u < 0.47
        age         60 + 9.5 (0.35 s + 0.94 n), 45 to 80
        Black       u < L(-0.75 - 0.09 (age - 60) - 0.25 s), else White
        never       u < 0.03 and s < 0.6, then no pack-years
        current     u < L(0.15 - 0.12 (age - 60) - 0.30 s), else former
        pack-years  10 + exp(3.28 + 0.70 (0.30 s + 0.95 n)), at most 180
        BMI         28.8 - 0.8 s + 5.9 n, 15 to 52
        height      163 (women) or 177 (men) + 6.5 n cm, 145 to 200
    """
    n, u = rng.standard_normal(4), rng.random(4)
    sex = "female" if u[0] < 0.47 else "male"
    age = float(np.clip(60 + 9.5 * (0.35 * severity + 0.94 * n[0]), 45, 80))
    race = "Black" if u[1] < expit(-0.75 - 0.09 * (age - 60) - 0.25 * severity) else "White"
    if u[2] < 0.03 and severity < 0.6:
        smoking, pack_years = "never", 0.0
    else:
        smoking = "current" if u[3] < expit(0.15 - 0.12 * (age - 60) - 0.30 * severity) else "former"
        pack_years = float(np.clip(10 + np.exp(3.28 + 0.70 * (0.30 * severity + 0.95 * n[1])), 10, 180))
    return {
        "age": age,
        "sex": sex,
        "race": race,
        "height_cm": float(np.clip((163 if sex == "female" else 177) + 6.5 * n[2], 145, 200)),
        "bmi": float(np.clip(28.8 - 0.8 * severity + 5.9 * n[3], 15, 52)),
        "smoking": smoking,
        "pack_years": pack_years,
    }


def lung_volume(rng: np.random.Generator, person: dict, emphysema: float) -> float:
    """Returns litres at full inspiration: 0.88 TLC (1 + 0.45 (c + l)) (1 - 0.012 (BMI - 29)) exp(0.13 n), 3 to 8.

    TLC is the `predicted_capacity`; 0.88 because nobody breathes in to the limit on the scanner's table.
    """
    stretch = 0.88 * (1 + 0.45 * emphysema) * (1 - 0.012 * (person["bmi"] - 29)) * np.exp(0.13 * rng.standard_normal())
    return float(np.clip(predicted_capacity(person["sex"], person["height_cm"]) * stretch, 3.0, 8.0))


def draw_breath(rng: np.random.Generator) -> float:
    """Returns the share of the full inspiration that the scan shows.

    Nine of ten hold their breath near the limit, as a study's technicians ask: 1 - 0.03 |n|. The others breathe in
    less, uniform between 0.60 and 0.90, as many patients do who are scanned for another reason.
    """
    shallow, amount, n = rng.random(), rng.random(), rng.standard_normal()
    return float(0.60 + 0.30 * amount if shallow < 0.1 else 1 - 0.03 * min(abs(n), 3.0))


def predicted_capacity(sex: str, height_cm: float) -> float:
    """Returns the total lung capacity in litres of a healthy adult (equations of Quanjer et al. 1993)."""
    return 0.0799 * height_cm - 7.08 if sex == "male" else 0.0660 * height_cm - 5.79
