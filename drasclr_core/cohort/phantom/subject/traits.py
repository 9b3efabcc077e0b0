"""Who a simulated subject is and how ill: drawn before there is an image, and the cause of both image and labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from drasclr_core.cohort.phantom.subject.person import draw_breath, draw_person, lung_volume

_TRAITS_STREAM = 7001  # keeps these random numbers apart from those of the image and of the clinical table
_SHIFT_STREAM = 7002
_BREATH_STREAM = 7004

# Richtmyer's sequence: frac(shift + k * sqrt(prime)) covers the unit cube evenly over any run of indices k.
_STEPS = np.sqrt([5.0, 2.0, 3.0])

# Cumulative share of each MosMed grade in the covid arm (flatter than MosMed, so that small cohorts hold every grade).
_COVID_QUANTILES = [0.0, 0.20, 0.45, 0.67, 0.85, 1.0]
_COVID_EXTENTS = [0.0, 0.0, 0.25, 0.50, 0.75, 0.90]


@dataclass(frozen=True)
class Traits:
    """One simulated subject. Fractions are of the lung volume; they are targets, which the image realises nearly."""

    age: float  # years
    sex: str  # "female", "male"
    race: str  # "Black", "White"
    height_cm: float
    bmi: float  # kg/m^2
    smoking: str  # "never", "former", "current"
    pack_years: float
    lung_volume_l: float  # at full inspiration, 3 to 8
    centrilobular: float  # 0 to 0.45
    paraseptal: float  # 0 to 0.15
    panlobular: float  # 0 to 0.25
    wall_thickening: float  # 0 (normal airway walls) to 1
    gas_trapping: float  # 0 to 0.6
    covid_grade: int  # 0 to 4, always 0 in the copd arm
    covid_extent: float  # 0 to 0.9, always 0 in the copd arm
    resilience: float  # N(0, 1): what protects the subject and no scan shows
    arm: str = "copd"  # "copd", "covid"
    breath: float = 1.0  # share of the full inspiration that the scan shows, 0.6 to 1


def draw_traits(index: int, seed: int = 0, arm: str = "copd") -> Traits:
    """Returns subject number `index` of the phantom cohort with this `seed`, the same whatever the cohort's size.

    **copd arm.** Three numbers are stratified by index: u_d = frac(shift_d(seed) + index sqrt(p_d)), p = 5, 2, 3
    (Richtmyer's sequence), and s, t, q = Phi^-1(u) are severity, type (emphysema against airways) and paraseptal
    tendency. Every subject by itself follows the same distribution as under independent sampling, but any 64
    consecutive subjects already cover mild and severe disease evenly. All other numbers are independent; n is a new
    standard normal each time it occurs, [x]+ = max(x, 0)::

        emphysema latent    e = 0.75 s + 0.66 t
        airway latent       w = 0.60 s - 0.30 t + 0.74 n
        trapping latent     g = 0.45 e + 0.50 w + 0.55 n
        paraseptal latent   p = 0.35 s + 0.25 t + 0.90 q + 0.15 (male) - 0.08
        centrilobular       0.50 ([e + 0.40]+ / 3)^2, at most 0.45
        panlobular          0.25 ([0.6 e + 0.8 n - 1]+ / 1.8), at most 0.25
        paraseptal          0.15 ([p - 0.05]+ / 2.5)^1.2, at most 0.15
        wall_thickening     Phi(0.95 w + 0.35 (current smoker) - 0.60)
        gas_trapping        0.62 Phi(1.6 g - 1.40), at most 0.60

    Where the three kinds of emphysema together exceed 60 % of the lung, they are shrunk in proportion to 60 %.
    Age, pack-years, race and smoking status depend on severity (see `person.draw_person`), lung volume on body size,
    sex, BMI and emphysema (`person.lung_volume`), how deeply they breathe in on nothing (`person.draw_breath`).

    **covid arm.** The stratified number is the extent: grades 0 to 4 have the shares 20, 25, 22, 18, 15 % and the
    extent is uniform within its grade (0, <25, 25-50, 50-75, >75 % of the lung). Lungs are otherwise healthy.

    Raises
    ------
    ValueError
        If `arm` is neither ``copd`` nor ``covid``.
    """
    if arm not in ("copd", "covid"):
        raise ValueError(f"Unknown arm {arm!r}: choose 'copd' or 'covid'.")
    rng = np.random.default_rng(np.random.SeedSequence((seed, index, _TRAITS_STREAM)))
    even = _even_uniforms(index, seed)
    drawn = _draw_copd(rng, ndtri(even)) if arm == "copd" else _draw_covid(rng, even[0])
    return replace(
        drawn, breath=draw_breath(np.random.default_rng(np.random.SeedSequence((seed, index, _BREATH_STREAM))))
    )


def _even_uniforms(index: int, seed: int) -> np.ndarray:
    """Point `index` of Richtmyer's sequence in (0, 1)^3, shifted by the seed."""
    shift = np.random.default_rng(np.random.SeedSequence((seed, _SHIFT_STREAM))).random(len(_STEPS))
    return np.clip((shift + index * _STEPS) % 1.0, 1e-4, 1 - 1e-4)


def _draw_copd(rng: np.random.Generator, latents: np.ndarray) -> Traits:
    severity, kind, paraseptal_tendency = latents
    person = draw_person(rng, severity)
    male, current = person["sex"] == "male", person["smoking"] == "current"
    n = rng.standard_normal(4)
    e = 0.75 * severity + 0.66 * kind
    w = 0.60 * severity - 0.30 * kind + 0.74 * n[0]
    g = 0.45 * e + 0.50 * w + 0.55 * n[1]
    p = 0.35 * severity + 0.25 * kind + 0.90 * paraseptal_tendency + 0.15 * male - 0.08
    centrilobular = min(0.50 * (max(e + 0.40, 0.0) / 3) ** 2, 0.45)
    panlobular = min(0.25 * max(0.6 * e + 0.8 * n[2] - 1, 0.0) / 1.8, 0.25)
    paraseptal = min(0.15 * (max(p - 0.05, 0.0) / 2.5) ** 1.2, 0.15)
    shrink = 0.60 / max(centrilobular + panlobular + paraseptal, 0.60)
    centrilobular, panlobular, paraseptal = shrink * centrilobular, shrink * panlobular, shrink * paraseptal
    return Traits(
        **person,
        lung_volume_l=lung_volume(rng, person, centrilobular + panlobular),
        centrilobular=float(centrilobular),
        paraseptal=float(paraseptal),
        panlobular=float(panlobular),
        wall_thickening=float(ndtr(0.95 * w + 0.35 * current - 0.60)),
        gas_trapping=float(min(0.62 * ndtr(1.6 * g - 1.40), 0.60)),
        covid_grade=0,
        covid_extent=0.0,
        resilience=float(n[3]),
    )


def _draw_covid(rng: np.random.Generator, even: float) -> Traits:
    n, u = rng.standard_normal(4), rng.random(2)
    sex = "female" if u[0] < 0.56 else "male"
    extent = float(np.interp(even, _COVID_QUANTILES, _COVID_EXTENTS))
    person = {
        "age": float(np.clip(48 + 15 * n[0] + 8 * (extent - 0.3), 18, 97)),
        "sex": sex,
        "race": "White",
        "height_cm": float(np.clip((163 if sex == "female" else 177) + 6.5 * n[1], 145, 200)),
        "bmi": float(np.clip(27 + 5 * n[2], 15, 52)),
        "smoking": "never",
        "pack_years": 0.0,
    }
    return Traits(
        **person,
        lung_volume_l=lung_volume(rng, person, emphysema=0.0),
        centrilobular=0.0,
        paraseptal=0.0,
        panlobular=0.0,
        wall_thickening=float(0.15 * u[1]),
        gas_trapping=0.0,
        covid_grade=int(np.searchsorted(_COVID_QUANTILES[1:-1], even, side="right")),
        covid_extent=extent,
        resilience=float(n[3]),
        arm="covid",
    )
