"""Intervals that have travelled without their draws belong to the scores of folds that they were found with."""

import numpy as np
import pandas as pd

from drasclr_core.evaluate.statistics import compare_methods, kept_intervals


def scores(shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {"method": method, "task": "GOLD", "metric": "accuracy", "repeat": 0, "fold": fold,
         "value": level + rng.normal(), "n_train": 80, "n_test": 20}
        for method, level in (("drasclr", 60.0 + shift), ("laa950", 55.0), ("kmeans", 50.0)) for fold in range(5)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def draws() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.concat(
        pd.DataFrame({"method": method, "task": "GOLD", "metric": "accuracy", "draw": np.arange(-1, 500),
                      "value": level + rng.normal(size=501)})
        for method, level in (("drasclr", 60.0), ("laa950", 55.0), ("kmeans", 50.0))
    )  # fmt: skip


def test_intervals_are_kept_with_their_scores_and_not_with_others(tmp_path):
    whole = compare_methods(scores(), "drasclr", draws=draws())
    assert whole["low"].notna().all()
    whole.to_csv(tmp_path / "significance_table2.csv", index=False)
    bare = compare_methods(scores(), "drasclr")
    assert bare["low"].isna().all()
    kept = kept_intervals(bare, tmp_path / "significance_table2.csv")
    for name in ("low", "high", "p_bootstrap", "p_bootstrap_holm", "p_corrected"):
        np.testing.assert_allclose(kept[name], whole[name])
    other = kept_intervals(compare_methods(scores(1.0), "drasclr"), tmp_path / "significance_table2.csv")
    assert other["low"].isna().all()
    fewer = kept_intervals(compare_methods(scores(), "drasclr", ["laa950"]), tmp_path / "significance_table2.csv")
    assert fewer["low"].isna().all() and kept_intervals(bare, tmp_path / "absent.csv") is bare
