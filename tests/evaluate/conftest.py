"""Small made-up cohorts whose labels do, or do not, follow from the features."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def cohort():
    """Make (features, subjects); `signal`: 1 makes labels a function of the first feature, 0 unrelated to all."""

    def make(count: int = 60, dimensions: int = 8, signal: float = 1.0, seed: int = 0):
        rng = np.random.default_rng(seed)
        matrix = rng.normal(size=(count, dimensions))
        cause = signal * matrix[:, 0] + (1 - signal) * rng.normal(size=count)
        sids = [f"S{number:03d}" for number in range(count)]
        features = pd.DataFrame(matrix, columns=[f"f{number:03d}" for number in range(dimensions)])
        features.insert(0, "sid", sids)
        subjects = pd.DataFrame(
            {
                "sid": sids,
                "FEV1pp": np.exp(4.3 + 0.2 * cause),
                "GOLD": np.digitize(cause, [-0.8, 0.0, 0.8, 1.5]),
                "paraseptal": np.digitize(cause, [-0.5, 0.5]),
                "exacerbations": (cause > 0).astype(int),
                "mosmed_grade": np.digitize(cause, [-0.8, 0.0, 0.8, 1.5]),
            }
        )
        return features, subjects

    return make


@pytest.fixture
def few_inner_folds(monkeypatch):
    """The same path in less time: a penalty is chosen over two inner folds."""
    for module in ("evaluate.readout.linear", "evaluate.survival.cox", "detect.readouts.readouts"):
        monkeypatch.setattr(f"drasclr_core.{module}.INNER_FOLDS", 2)
