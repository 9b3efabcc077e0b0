"""A cohort's verdicts: worst first, who is accepted, and what is said where nobody is."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.quality import (
    LIMITS,
    NoUsableScanError,
    Quality,
    accepted_subjects,
    judge,
    quality_table,
    require_usable,
)
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.run import Run

from .good import GOOD

DAMAGED = judge({"error": "x.nii.gz: damaged. Copy it again."})


def cohort(folder, **stored):
    """A run whose subjects have these verdicts; None for one that stage 02 has not reached."""
    run = Run(str(folder / "runs" / "one"), "copd")
    write_subjects(run, pd.DataFrame({"sid": list(stored), "image": "x.nii.gz", "volume_l": 1.0, "GOLD": 0}))
    for sid, quality in stored.items():
        if quality:
            quality.save(run.anatomy(sid) / "quality.json")
            assert Quality.load(run.anatomy(sid) / "quality.json") == quality
    return run


def test_table_lists_everyone_worst_first(tmp_path):
    cut = GOOD | {"bottom_cut_cm2": 80.0}
    run = cohort(
        tmp_path, fine=judge(GOOD), cut=judge(cut), broken=DAMAGED, later=None, worse=judge(cut | {"dice": 0.7})
    )
    table = quality_table(run)
    assert list(table["sid"]) == ["later", "broken", "worse", "cut", "fine"]
    assert list(table["verdict"]) == ["not done", "refused", "review", "review", "ok"]
    assert table["reasons"][1] == "x.nii.gz: damaged. Copy it again."
    assert table["volume_l"][4] == 5.0 and np.isnan(table["volume_l"][1])
    require_usable(table)


def test_of_the_same_verdict_the_lowest_overlap_with_the_truth_is_the_worst(tmp_path):
    run = cohort(tmp_path, a=judge(GOOD), b=judge(GOOD), broken=DAMAGED, unknown=judge(GOOD), c=judge(GOOD))
    table = quality_table(run, pd.Series({"a": 0.99, "b": 0.95, "c": 0.97}))
    assert list(table["sid"]) == ["broken", "b", "c", "a", "unknown"]
    assert list(table["dice_truth"][1:4]) == [0.95, 0.97, 0.99]


def test_what_one_atlas_said_of_a_scan_does_not_count_for_another(tmp_path):
    worse = judge(GOOD | {"bottom_cut_cm2": 80.0, "dice": 0.7})
    main = cohort(tmp_path, aligned=worse, broken=DAMAGED)
    assert quality_table(main).set_index("sid").loc["aligned", "dice"] == 0.7
    other = quality_table(Run(str(main.folder), "copd", variant="x")).set_index("sid")
    assert np.isnan(other.loc["aligned", "dice"]) and other.loc["aligned", "bottom_cut_cm2"] == 80.0
    assert other["verdict"].to_dict() == {"aligned": "review", "broken": "refused"}


def test_accepted_are_in_the_order_of_the_subject_table(tmp_path):
    run = cohort(tmp_path, later=None, fine=judge(GOOD), broken=DAMAGED, cut=judge(GOOD | {"bottom_cut_cm2": 80.0}))
    accepted = accepted_subjects(run)
    assert list(accepted["sid"]) == ["fine", "cut"] and list(accepted["GOLD"]) == [0, 0]
    assert list(accepted["volume_l"]) == [5.0, 5.0] and list(accepted["volume_l_label"]) == [1.0, 1.0]


def test_where_all_are_refused_unmeasured_every_measure_is_a_column_and_the_reasons_are_said(tmp_path):
    run = cohort(tmp_path, **{f"s{number}": DAMAGED for number in range(7)})
    table = quality_table(run)
    assert {limit.measure for limit in LIMITS} <= set(table) and table["volume_l"].isna().all()
    assert accepted_subjects(run).empty
    with pytest.raises(
        NoUsableScanError, match=r"can be used, 7 refused: x\.nii\.gz: damaged\. Copy it again; .*and 2 more"
    ):
        require_usable(table)
