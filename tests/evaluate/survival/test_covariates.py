"""Who takes part in a survival model, with which columns, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.survival.covariates import CONFOUNDERS, REFERENCE, outcomes, survival_data, survival_obstacle

from .deaths import subject_table


def test_blocks_are_the_columns_of_their_rows():
    features, subjects = subject_table(30)
    data = survival_data(subjects.sample(frac=1, random_state=0), {"drasclr": features}, ["spirometry", "drasclr+bode"])
    assert data.rows == [REFERENCE, "spirometry", "drasclr+bode"]
    assert list(data.blocks["spirometry"]) == ["FEV1pp", "FEV1_FVC"]
    assert set(data.blocks[REFERENCE]) == {"age", "pack_years", "sex_male", "race_White", "smoking_former"}
    assert set(data.blocks["drasclr"]) == {"f0", "f1", "f2", "f3"}
    for block in data.blocks.values():
        assert block.index.equals(data.outcomes.index)
    assert data.blocks["bode"].loc["S003", "BODE"] == subjects.set_index("sid").loc["S003", "BODE"]
    assert data.left_out == 0


def test_rows_are_controlled_for_the_confounders_that_there_are():
    _, subjects = subject_table(30)
    data = survival_data(subjects.drop(columns=["race", "pack_years"]), {}, ["bode"])
    assert set(data.blocks[REFERENCE]) == {"age", "sex_male", "smoking_former"}
    assert data.uncontrolled == ("race", "pack_years") and data.left_out == 0
    alike = survival_data(subjects.assign(race="White"), {}, ["bode"])
    assert not [name for name in alike.blocks[REFERENCE] if name.startswith("race")], "nobody differs"


def test_subjects_need_the_columns_of_all_rows():
    features, subjects = subject_table(30)
    subjects.loc[0, "BODE"] = np.nan
    subjects.loc[1, "died"] = np.nan
    subjects.loc[2, "age"] = np.nan
    subjects.loc[3, "FEV1pp"] = np.nan  # in no row
    data = survival_data(subjects, {"drasclr": features.iloc[:-1]}, ["bode", "drasclr"])
    assert data.left_out == 4
    assert not {"S000", "S001", "S002", "S029"} & set(data.outcomes.index)
    assert "S003" in data.outcomes.index


def test_kinds_of_people_that_come_as_numbers_are_no_amounts():
    _, subjects = subject_table(60)
    codes = np.resize([1, 2, 5], 60)
    data = survival_data(subjects.assign(race=codes, smoking=codes.astype(float)), {}, ["bode", "bode"])
    assert data.rows == [REFERENCE, "bode"]
    columns = {"age", "pack_years", "sex_male", "race_2", "race_5", "smoking_2.0", "smoking_5.0"}
    assert set(data.blocks[REFERENCE]) == columns


def test_rows_without_columns_are_named_and_ask_nothing_of_the_others():
    features, subjects = subject_table(30)
    data = survival_data(subjects.drop(columns="BODE"), {"drasclr": features}, ["drasclr", "drasclr+bode", "moco"])
    assert data.rows == [REFERENCE, "drasclr"]
    assert data.skipped == {"drasclr+bode": "no column 'BODE' in the subject table", "moco": "no features of 'moco'"}


def test_what_is_refused():
    features, subjects = subject_table(30)
    with pytest.raises(KeyError, match="no column of age, sex, race"):
        survival_data(subjects.drop(columns=list(CONFOUNDERS)), {}, ["bode"])
    with pytest.raises(ValueError, match="all subjects are alike in race"):
        survival_data(subjects.drop(columns=list(CONFOUNDERS)).assign(race="White"), {}, ["bode"])
    with pytest.raises(KeyError, match="no column 'days'"):
        survival_data(subjects.drop(columns="days"), {}, ["bode"])
    nameless, wordy = features.drop(columns="sid"), features.assign(f2="high")
    text = "column 'f2' of the features of 'drasclr' holds text"
    for broken, message in ((nameless, "no column 'sid', only f0, f1"), (wordy, text)):
        with pytest.raises(ValueError, match=message):
            survival_data(subjects, {"drasclr": broken}, ["drasclr"])
    features.loc[4, "f1"] = np.inf
    with pytest.raises(ValueError, match="features of 'drasclr' have missing values for 1 subjects, first 'S004'"):
        survival_data(subjects, {"drasclr": features}, ["drasclr"])
    with pytest.raises(ValueError, match=r"overlapping|duplicate"):
        survival_data(pd.concat([subjects, subjects[:1]]), {}, ["bode"])


@pytest.mark.parametrize(("column", "value"), [("days", 0.0), ("days", -3.0), ("died", 2)])
def test_impossible_outcomes_are_refused(column, value):
    _, subjects = subject_table(12)
    subjects.loc[7, column] = value
    with pytest.raises(ValueError, match="1 subjects, first 'S007'"):
        outcomes(subjects)


def test_too_few_deaths_or_survivors_say_so():
    table = pd.DataFrame({"days": 5.0, "died": [True] * 9 + [False] * 3})
    assert survival_obstacle(table, 3) == "9 of 12 subjects died, at least 10 deaths are needed for 3 folds"
    censored_only = table.assign(died=False)
    assert survival_obstacle(censored_only, 3).startswith("0 of 12 subjects died")
    assert survival_obstacle(table[:3], 3).startswith("3 of 3 subjects died")
    assert "only 2 of 12" in survival_obstacle(table.assign(died=[True] * 10 + [False] * 2), 3)
    assert survival_obstacle(table.assign(died=[True] * 10 + [False] * 2), 2) is None
    assert survival_obstacle(pd.concat([table, table]), 5) is None
