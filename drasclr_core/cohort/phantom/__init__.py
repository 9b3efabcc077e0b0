"""Simulated chest CT with a known truth (`simulate`), its files (`truth`) and whole cohorts of it (`cohort`)."""

from drasclr_core.cohort.phantom.simulate import Phantom, simulate
from drasclr_core.cohort.phantom.truth import load_truth, save_truth

__all__ = ["Phantom", "load_truth", "save_truth", "simulate"]
