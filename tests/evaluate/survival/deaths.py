"""Small made-up cohorts with known hazards."""

import numpy as np
import pandas as pd


def simulate(count: int = 120, effect: float = 1.0, censoring: float = 1.0, dimensions: int = 3, seed: int = 0):
    """(columns [N, D], days [N], died [N]); the first column raises the log hazard by `effect` a unit."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(count, dimensions))
    death = 1000 * rng.exponential(size=count) * np.exp(-effect * columns[:, 0])
    end = 1500 * rng.exponential(size=count) / max(censoring, 1e-9)
    return columns, np.maximum(np.ceil(np.minimum(death, end)), 1.0), death <= end


def subject_table(count: int = 80, effect: float = 1.5, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(features, subjects) with every column that the rows of Table 3 need; the first feature decides who dies."""
    rng = np.random.default_rng([seed, 1])
    columns, days, died = simulate(count, effect, dimensions=4, seed=seed)
    sids = [f"S{number:03d}" for number in range(count)]
    features = pd.DataFrame(columns, columns=[f"f{number}" for number in range(4)])
    features.insert(0, "sid", sids)
    names = ["LAA950_pct", "gas_trapping_pct", "Pi10_mm", "wall_area_pct", "FEV1pp", "FEV1_FVC", "BODE"]
    subjects = pd.DataFrame(rng.normal(size=(count, len(names))), columns=names).assign(
        sid=sids,
        age=rng.uniform(45, 80, count),
        sex=rng.choice(["female", "male"], count),
        race=rng.choice(["Black", "White"], count),
        smoking=rng.choice(["current", "former"], count),
        pack_years=rng.uniform(10, 90, count),
        days=days,
        died=died.astype(int),
    )
    return features, subjects
