"""Survival from frozen features: Cox models, concordance, calibration, risk groups."""

from drasclr_core.evaluate.survival.calibration import calibration_slope, calibration_table
from drasclr_core.evaluate.survival.concordance import horizons
from drasclr_core.evaluate.survival.covariates import REFERENCE
from drasclr_core.evaluate.survival.cross_validation import MAIN_HORIZON, TASK, added_risk, compare_survival
from drasclr_core.evaluate.survival.table import SurvivalTable, survival_table

__all__ = [
    "MAIN_HORIZON",
    "REFERENCE",
    "TASK",
    "SurvivalTable",
    "added_risk",
    "calibration_slope",
    "calibration_table",
    "compare_survival",
    "horizons",
    "survival_table",
]
