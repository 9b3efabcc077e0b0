"""A detector that sees its subtype has a trend that counts; one that only sees dark lungs, or nothing, has not."""

import numpy as np
import pandas as pd

from drasclr_core.evaluate.statistics.share_trends import BEYOND_LAA, STAGE, TRUTH, share_trends


def cohort(rng, detector, subjects=80):
    """Two kinds of emphysema that come together; stage and LAA-950 follow their sum."""
    severity = rng.normal(size=subjects)
    own, other = (np.exp(severity + rng.normal(0, 0.7, subjects)) for _ in range(2))
    laa = own + 3 * other
    stage = np.digitize(np.log(laa) + rng.normal(0, 0.5, subjects), [0.8, 1.4, 2, 2.6])
    found = {"own": own, "dark": laa, "nothing": np.ones(subjects)}[detector] * np.exp(rng.normal(0, 0.5, subjects))
    return pd.DataFrame({"subtype": "paraseptal", "GOLD": stage, "detected": found, "true": own, "laa950": laa})


def counted(detector):
    """How many of 40 cohorts have a clear trend, and how many a trend that counts."""
    rng, trend, both = np.random.default_rng(0), 0, 0
    for _ in range(40):
        table = share_trends(cohort(rng, detector)).query("measure == 'detected'").set_index("against")
        rises, founded = table.loc[STAGE, "low"] > 0, table.loc[BEYOND_LAA, "low"] > 0
        trend, both = trend + rises, both + (rises and founded)
    return trend, both


def test_only_a_detector_that_sees_its_subtype_has_a_trend_that_counts():
    assert min(counted("own")) >= 37
    rises, counts = counted("dark")
    assert rises >= 37 and counts <= 4, "darkness was taken for the subtype"
    assert counted("nothing")[1] <= 1


def test_rows_without_truth_and_with_gaps():
    table = cohort(np.random.default_rng(1), "own", 30)
    whole = share_trends(table)
    assert whole["against"].tolist() == [STAGE, STAGE, TRUTH, TRUTH, BEYOND_LAA]
    assert share_trends(table.assign(true=np.nan))["against"].tolist() == [STAGE, STAGE]
    gaps = table.assign(laa950=table["laa950"].where(table.index > 4), GOLD=table["GOLD"].where(table.index != 20, -1))
    rows = share_trends(gaps)
    assert rows["subjects"].tolist() == [29, 24, 30, 25, 25]
    assert np.isnan(share_trends(table.assign(laa950=np.nan))["spearman"].iloc[-1])
    assert share_trends(table.iloc[:0]).empty
