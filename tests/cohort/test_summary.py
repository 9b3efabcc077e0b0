"""Means of groups of subjects."""

import numpy as np
import pandas as pd

from drasclr_core.cohort.summary import group_means


def test_groups_have_means_with_spreads_and_shares_without():
    table = pd.DataFrame({"age": [50.0, 60.0, 70.0, np.nan], "ratio": [0.0, 1.0, 0.333, 0.5], "died": [0, 1, 1, 1]})
    told = group_means(table, pd.Series([0, 0, 1, 1]), {"ratio": 2, "age": 1, "died": 2})
    assert list(told) == ["ratio", "age", "died"]
    assert told.loc[0].tolist() == ["0.50 ± 0.71", "55.0 ± 7.1", "0.50"], "0 and 1 of a ratio are no share"
    assert told.loc[1].tolist() == ["0.42 ± 0.12", "70.0", "1.00"], "one subject has no spread"
