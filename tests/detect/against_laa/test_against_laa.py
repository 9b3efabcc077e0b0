"""Readouts against patch LAA: trainings that differ by their seed are one row, and both rules are told."""

import pytest

from drasclr_core.detect.against_laa import readouts_against_laa
from drasclr_core.detect.scoring import BOX_RULES

TASK = ["centrilobular"]


@pytest.fixture(scope="module")
def found(planted, encoder):
    encoders = {"drasclr": encoder, "drasclr_seed1": encoder, "moco": encoder}
    return readouts_against_laa(planted, TASK, encoders, "drasclr", 4, 40)


def test_seeds_are_one_row_and_both_rules_are_told(found):
    assert set(found["method"]) == {"drasclr"} and set(found["rule"]) == set(BOX_RULES)
    assert found.groupby("rule")["against"].apply(set).tolist() == [{"chance", "patch_laa", "moco"}] * 2
    assert (found["metric"] == "F1").all() and found[["low", "high"]].notna().all(axis=None)


def test_alike_encoders_do_not_differ_and_what_is_dark_is_seen_by_patch_laa(found):
    table = found[found["rule"] == "direct"].set_index("against")
    assert table.loc["moco", ["estimate", "low", "high"]].abs().max() < 1e-9
    assert table.loc["patch_laa", "high"] < 0, "holes were planted, and these encoders are random"


def test_where_nothing_is_planted_neither_is_ahead(make_boxes, encoder):
    table = readouts_against_laa(make_boxes(planted=False), TASK, {"drasclr": encoder}, "drasclr", 4, 60)
    laa = table[(table["against"] == "patch_laa") & (table["rule"] == "direct")].iloc[0]
    assert laa["low"] <= 0 <= laa["high"]
