"""Who is shown and who is counted: the typical, and each stage in proportion."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.cohort.stages import PRISM, stage_name, stratified_sample, typical_per_stage


def test_typical_is_nearest_to_the_stages_median():
    table = pd.DataFrame({"sid": list("abcdefg"), "GOLD": [0, 0, 0, 2, 2, 2, -1], "LAA950_pct": [9, 1, 2, 5, 30, 8, 4]})
    assert list(typical_per_stage(table)["sid"]) == ["c", "f"]  # medians 2 and 8; nobody has 1, 3 or 4
    assert list(typical_per_stage(table, (2, 0), 2)["sid"]) == ["f", "d", "c", "b"]
    assert list(typical_per_stage(table, (PRISM,))["sid"]) == ["g"]
    assert list(typical_per_stage(table.drop(columns="LAA950_pct"))["sid"]) == ["a", "d"]
    assert typical_per_stage(table.assign(GOLD=np.nan)).empty
    with pytest.raises(ValueError, match="no column GOLD"):
        typical_per_stage(table.drop(columns="GOLD"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([-1, 0, 1, 2, 3, 4]), min_size=2, max_size=80), st.integers(1, 90), st.integers(0, 3))
def test_each_stage_has_its_share(stages, count, seed):
    table = pd.DataFrame({"sid": range(len(stages)), "GOLD": stages})
    chosen = stratified_sample(table, count, seed)
    assert len(chosen) == min(count, len(table)) and chosen["sid"].is_monotonic_increasing and chosen["sid"].is_unique
    expected = table["GOLD"].value_counts() * len(chosen) / len(table)
    found = chosen["GOLD"].value_counts().reindex(expected.index, fill_value=0)
    assert (found - expected).abs().max() <= 1
    pd.testing.assert_frame_equal(chosen, stratified_sample(table, count, seed))


def test_zero_is_all_and_unknown_stages_are_left_out():
    table = pd.DataFrame({"sid": ["a", "b", "c"], "GOLD": [0, np.nan, 3]})
    assert list(stratified_sample(table, 0)["sid"]) == ["a", "c"]
    different = pd.DataFrame({"sid": range(50), "GOLD": 0})
    assert not stratified_sample(different, 10, 0).equals(stratified_sample(different, 10, 1))
    assert stage_name(PRISM) == "PRISm" and stage_name(3) == "GOLD 3"
