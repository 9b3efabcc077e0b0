"""How a simulated subject breathes: spirometry from the disease in the lungs, and the GOLD stage from spirometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drasclr_core.cohort.phantom.subject.person import predicted_capacity
from drasclr_core.cohort.phantom.subject.traits import Traits


@dataclass(frozen=True)
class Spirometry:
    """FEV1 and FVC in percent of predicted, and their ratio FEV1/FVC (as litres by litres)."""

    fev1_pp: float
    fvc_pp: float
    ratio: float

    @property
    def gold(self) -> int:
        return gold_stage(self.fev1_pp, self.ratio)


def breathe(traits: Traits, truth: dict[str, float], rng: np.random.Generator) -> Spirometry:
    """Returns the spirometry of one subject.

    With c, l, s, g the fractions of the lung with centrilobular, panlobular, paraseptal emphysema and gas trapping that
    the image really holds, a the airway wall thickening (0 to 1), r the unseen resilience, P/40 the pack-years over
    40, V the lung volume at full inspiration and n a new standard normal each time::

        airflow limitation  A = (2.2 c + 2.2 l + 1.3 s + 0.4 g + 0.12 a^2) exp(-0.15 r) + 0.03 min(P/40, 2.5)
        log FEV1/FVC        = log(1.16 R(age, sex)) - A + 0.100 n
        lung size           z = log(V / (0.88 (1 + 0.45 (c + l)) TLC(sex, height)))
        log FVC / predicted = -0.150 - 0.90 g^2 - 0.10 a + 0.60 z + 0.060 r + 0.080 n
        FEV1 / predicted    = (FVC / predicted) (FEV1/FVC) / R

    R = 0.90 - 0.0021 age (0.02 less for men) is the predicted FEV1/FVC, close to the NHANES III equations; TLC is
    `predicted_capacity`. Paraseptal cysts limit airflow less than they count for LAA-950; thick walls and trapped
    gas limit it though they do not count for LAA-950.
    """
    emphysema = truth["centrilobular"] + truth["panlobular"]
    damage = (
        2.2 * emphysema + 1.3 * truth["paraseptal"] + 0.4 * truth["gas_trapping"] + 0.12 * traits.wall_thickening**2
    )
    limitation = damage * np.exp(-0.15 * traits.resilience) + 0.03 * min(traits.pack_years / 40, 2.5)
    n = rng.standard_normal(2)
    predicted_ratio = 0.90 - 0.0021 * traits.age - 0.02 * (traits.sex == "male")
    ratio = 1.16 * predicted_ratio * np.exp(-limitation + 0.100 * n[0])

    capacity = 0.88 * (1 + 0.45 * emphysema) * predicted_capacity(traits.sex, traits.height_cm)
    size = np.log(truth["lung_volume_l"] / traits.breath / capacity)
    log_fvc = (
        -0.150
        - 0.90 * truth["gas_trapping"] ** 2
        - 0.10 * traits.wall_thickening
        + 0.60 * size
        + 0.060 * traits.resilience
        + 0.080 * n[1]
    )
    ratio = float(np.clip(ratio, 0.15, 0.95))
    fvc = float(np.clip(np.exp(log_fvc), 0.20, 1.50))
    return Spirometry(fev1_pp=100 * fvc * ratio / predicted_ratio, fvc_pp=100 * fvc, ratio=ratio)


def gold_stage(fev1_pp: float, ratio: float) -> int:
    """Returns the GOLD stage of airflow limitation, and -1 for PRISm, as in COPDGene.

    FEV1/FVC below 0.70: stage 1 (FEV1pp of 80 or more), 2 (50 to 80), 3 (30 to 50), 4 (below 30).
    FEV1/FVC of 0.70 or more: stage 0, or -1 (preserved ratio, impaired spirometry) where FEV1pp is below 80.
    """
    if ratio >= 0.70:
        return 0 if fev1_pp >= 80 else -1
    return 1 + int(np.searchsorted([-80.0, -50.0, -30.0], -fev1_pp, side="left"))
