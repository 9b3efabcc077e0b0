"""The clinical table of the phantom cohort: one row per subject, caused by the disease that is in the image."""

from __future__ import annotations

import numpy as np

from drasclr_core.cohort.phantom.labels import scores
from drasclr_core.cohort.phantom.labels.spirometry import Spirometry, breathe
from drasclr_core.cohort.phantom.labels.survival import follow_up, log_hazard
from drasclr_core.cohort.phantom.subject.traits import Traits

_CLINICAL_STREAM = 7003


def clinical_row(traits: Traits, truth: dict[str, float], index: int, seed: int = 0) -> dict[str, float | int | str]:
    """Returns all clinical columns of one subject.

    Labels follow from what the image really holds (`truth`), from the person (`traits`) and from noise; the equations
    are in `spirometry.breathe`, `scores`, `survival` and `ct_metrics`. The row of subject `index` does not depend on
    the cohort's size.

    Parameters
    ----------
    traits : Traits
        As drawn by `draw_traits(index, seed, arm)`.
    truth : dict of str to float
        Measured on the phantom: ``lung_volume_l``; ``centrilobular, paraseptal, panlobular, gas_trapping, covid`` and
        ``laa950`` (fractions of the lung, 0 to 1); ``wall_area_pct``; ``pi10`` (mm).
    index, seed : int
        Of the subject and of the cohort.

    Returns
    -------
    dict
        copd arm: age, sex, race, smoking, pack_years, bmi, height_cm, FEV1pp, FVCpp, FEV1_FVC, GOLD (-1 is PRISm),
        CLE (0 to 5), paraseptal (0 to 2), exacerbations (0, 1), MMRC (0 to 4), six_minute_walk_m, BODE (0 to 10),
        LAA950_pct, gas_trapping_pct, Pi10_mm, wall_area_pct, lung_volume_l, days, died (0, 1).
        covid arm: age, sex, mosmed_grade (0 to 4).
    """
    streams = np.random.SeedSequence((seed, index, _CLINICAL_STREAM)).spawn(4)
    breathing, reading, measuring, living = (np.random.default_rng(stream) for stream in streams)
    if traits.arm == "covid":
        grade = scores.covid_severity(traits, truth, reading)
        return {"age": round(traits.age, 1), "sex": traits.sex, "mosmed_grade": grade}

    breath = breathe(traits, truth, breathing)
    # Rounded first, so that GOLD and BODE follow from the numbers in the table.
    breath = Spirometry(round(breath.fev1_pp, 1), round(breath.fvc_pp, 1), round(breath.ratio, 3))
    bmi = round(traits.bmi, 1)
    mmrc = scores.dyspnea(traits, breath, reading)
    walk = round(scores.six_minute_walk(traits, truth, breath, reading))
    days, died = follow_up(log_hazard(traits, truth, breath), living)
    return {
        "age": round(traits.age, 1),
        "sex": traits.sex,
        "race": traits.race,
        "smoking": traits.smoking,
        "pack_years": round(traits.pack_years, 1),
        "bmi": bmi,
        "height_cm": round(traits.height_cm, 1),
        "FEV1pp": breath.fev1_pp,
        "FVCpp": breath.fvc_pp,
        "FEV1_FVC": breath.ratio,
        "GOLD": breath.gold,
        "CLE": scores.centrilobular_score(truth, reading),
        "paraseptal": scores.paraseptal_score(truth, reading),
        "exacerbations": scores.exacerbation_history(traits, breath, reading),
        "MMRC": mmrc,
        "six_minute_walk_m": walk,
        "BODE": scores.bode_index(bmi, breath.fev1_pp, mmrc, walk),
        **ct_metrics(truth, measuring),
        "days": days,
        "died": died,
    }


def ct_metrics(truth: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Returns the hand-designed CT metrics as a workstation would report them: the truth and measurement noise.

    n is a new standard normal each time; c, l, g are the fractions with centrilobular and panlobular emphysema and gas
    trapping. The expiratory scan, which is not simulated, would show trapped gas and the emphysema::

        LAA950_pct        = 100 laa950 exp(0.10 n) + 0.3 n, at least 0
        gas_trapping_pct  = 100 (0.03 + g + (c + l) (1 - g)) exp(0.15 n) + 3 n, 0 to 95
        Pi10_mm           = pi10 + 0.08 n
        wall_area_pct     = wall area + 1.5 n
        lung_volume_l     = volume exp(0.01 n)
    """
    n = rng.standard_normal(7)
    trapped = truth["gas_trapping"]
    trapped += 0.03 + (truth["centrilobular"] + truth["panlobular"]) * (1 - trapped)
    return {
        "LAA950_pct": round(max(float(100 * truth["laa950"] * np.exp(0.10 * n[0]) + 0.3 * n[1]), 0.0), 2),
        "gas_trapping_pct": round(float(np.clip(100 * trapped * np.exp(0.15 * n[6]) + 3 * n[2], 0, 95)), 2),
        "Pi10_mm": round(float(truth["pi10"] + 0.08 * n[3]), 3),
        "wall_area_pct": round(float(truth["wall_area_pct"] + 1.5 * n[4]), 2),
        "lung_volume_l": round(float(truth["lung_volume_l"] * np.exp(0.01 * n[5])), 3),
    }
