"""Probabilities that mean what they say: a two-parameter logistic on held-out logits (Platt 1999)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


class Calibration(NamedTuple):
    """Calibrated logit = `slope` x logit + `intercept`; the slope is above 0, so that the order of patches stays."""

    slope: float = 1.0
    intercept: float = 0.0


def calibration_of(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Returns the calibration that makes held-out logits most likely, both labels with the same weight.

    So a calibrated probability of one half says that a patch is as likely of either label where both are equally
    frequent, as they are in training. A normal prior of standard deviation 1 round no change, for the logarithm of the
    slope and for the intercept, keeps a few boxes that happen to be told apart perfectly from claiming certainty.

    Parameters
    ----------
    logits : float [N]
        Of boxes on which the model was not fitted, of training subjects.
    labels : bool [N]

    Returns
    -------
    Calibration
        No change where all boxes have one label.
    """
    logits, labels = np.asarray(logits, dtype=float), np.asarray(labels, dtype=bool)
    count, ill = len(labels), labels.sum()
    if ill in (0, count):
        return Calibration()
    weight = np.where(labels, count / (2 * ill), count / (2 * (count - ill)))

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        log_slope, intercept = parameters
        calibrated = np.exp(log_slope) * logits + intercept
        excess = weight * (expit(calibrated) - labels)
        value = (weight * (np.logaddexp(0, calibrated) - labels * calibrated)).sum() + (parameters**2).sum() / 2
        return value, np.array([excess @ (np.exp(log_slope) * logits), excess.sum()]) + parameters

    log_slope, intercept = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B").x
    return Calibration(float(np.exp(log_slope)), float(intercept))
