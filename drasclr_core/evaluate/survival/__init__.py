"""Survival from frozen features: Cox models, concordance, calibration, risk groups."""

from drasclr_core.evaluate.survival import proportional_hazards, risk_groups
from drasclr_core.evaluate.survival.calibration import calibration_slope, calibration_table
from drasclr_core.evaluate.survival.concordance import MAIN_HORIZON, MIN_BETWEEN, horizons
from drasclr_core.evaluate.survival.covariates import REFERENCE
from drasclr_core.evaluate.survival.cross_validation import added_risk, compare_survival
from drasclr_core.evaluate.survival.risk_groups import YEAR
from drasclr_core.evaluate.survival.table import survival_table

__all__ = [
    "MAIN_HORIZON",
    "MIN_BETWEEN",
    "REFERENCE",
    "YEAR",
    "added_risk",
    "calibration_slope",
    "calibration_table",
    "compare_survival",
    "horizons",
    "proportional_hazards",
    "risk_groups",
    "survival_table",
]
