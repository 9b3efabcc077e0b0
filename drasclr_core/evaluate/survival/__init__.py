"""Survival from frozen features: Cox models, concordance, calibration, risk groups."""

from drasclr_core.evaluate.survival.calibration import calibration_slope
from drasclr_core.evaluate.survival.concordance import horizons
from drasclr_core.evaluate.survival.cross_validation import MAIN_HORIZON, TASK, added_risk, compare_survival
from drasclr_core.evaluate.survival.table import SurvivalTable, survival_table

__all__ = [
    "MAIN_HORIZON",
    "TASK",
    "SurvivalTable",
    "added_risk",
    "calibration_slope",
    "compare_survival",
    "horizons",
    "survival_table",
]
