"""Which labels of the subject table count."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core import paper
from drasclr_core.evaluate.tasks import COVID_SEVERITY, PHENOTYPES, Task, labels_of

GOLD = next(task for task in PHENOTYPES if task.name == "GOLD")


def test_prism_and_missing_grades_are_left_out():
    subjects = pd.DataFrame({"sid": list("dcba"), "GOLD": [-1, np.nan, 4, 0]})
    labels = labels_of(subjects, GOLD)
    assert labels.to_dict() == {"a": 0, "b": 4}
    assert labels.index.tolist() == ["a", "b"]
    assert labels.dtype == int


def test_logarithm_of_positive_values_only():
    subjects = pd.DataFrame({"sid": list("abcd"), "FEV1pp": [np.e, 1.0, 0.0, np.nan]})
    assert labels_of(subjects, PHENOTYPES[0]).to_dict() == pytest.approx({"a": 1.0, "b": 0.0})


def test_values_themselves_where_the_task_says_so():
    subjects = pd.DataFrame({"sid": list("abc"), "bmi": [25.5, 0.0, np.nan]})
    assert labels_of(subjects, Task("BMI", "bmi", log=False)).to_dict() == {"a": 25.5, "b": 0.0}


def test_unknown_grade_and_missing_column_are_named():
    with pytest.raises(ValueError, match=r"holds \[7\.?0?\]"):
        labels_of(pd.DataFrame({"sid": ["a"], "GOLD": [7]}), GOLD)
    with pytest.raises(KeyError, match="CLE"):
        labels_of(pd.DataFrame({"sid": ["a"]}), PHENOTYPES[3])


def test_text_where_numbers_belong_is_named():
    with pytest.raises(ValueError, match=r"column 'FEV1pp' holds text .'83,5 %'.; task 'logFEV1pp' needs numbers"):
        labels_of(pd.DataFrame({"sid": ["a", "b"], "FEV1pp": ["83,5 %", "70"]}), PHENOTYPES[0])


def test_a_subject_listed_twice_is_refused():
    with pytest.raises(ValueError, match="duplicate"):
        labels_of(pd.DataFrame({"sid": ["a", "a"], "x": [0, 1]}), Task("x", "x", classes=(0, 1)))


def test_phenotypes_are_the_columns_of_the_papers_table():
    ours = {(task.name, metric) for task in PHENOTYPES for metric in task.metrics}
    table = paper.table("table2")
    assert ours == set(zip(table["task"], table["metric"], strict=True))


def test_severity_has_the_papers_metric_and_kappa():
    table = paper.table("table4")
    assert set(table["task"]) == {COVID_SEVERITY.name}
    assert set(table["metric"]) == {"accuracy"} < set(COVID_SEVERITY.metrics) == {"accuracy", "kappa"}
    subjects = pd.DataFrame({"sid": list("abc"), "mosmed_grade": [4, np.nan, 0]})
    assert labels_of(subjects, COVID_SEVERITY).to_dict() == {"a": 4, "c": 0}
