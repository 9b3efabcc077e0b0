"""Survival from frozen features: Cox models, concordance, calibration."""
