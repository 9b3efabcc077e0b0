"""What is predicted of a subject (paper, section 4.2): the column, its kind, which labels count, how it is scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Task:
    """One quantity to predict for each subject.

    Parameters
    ----------
    name : str
        The name in the tables, as the paper writes it.
    column : str
        Column of the subject table.
    classes : tuple of int, optional
        The ordered grades of a classification task; None means regression.
    excluded : tuple of int
        Values of the column that are known but are no grade of this task; these subjects are left out.
    scored_by : tuple of str
        Metrics of `score`; empty means the paper's usual ones (see `metrics`).
    log : bool
        Whether a regression is on the logarithm of a positive quantity, as in the paper, or on the quantity itself.
    """

    name: str
    column: str
    classes: tuple[int, ...] | None = None
    excluded: tuple[int, ...] = ()
    scored_by: tuple[str, ...] = ()
    log: bool = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """`scored_by`, or R2 for regression; accuracy, and 1-off accuracy where there are more than two grades."""
        if self.scored_by:
            return self.scored_by
        if self.classes is None:
            return ("R2",)
        return ("accuracy", "1-off") if len(self.classes) > 2 else ("accuracy",)


# GOLD: the paper calls it a four-grade variable and shows stages 0 to 4 with PRISm apart (Fig. 4). Stages 0 to 4 are
# used here; PRISm (-1), which is no step on the scale from 0 to 4, is left out.
PHENOTYPES = (
    Task("logFEV1pp", "FEV1pp"),
    Task("logFEV1/FVC", "FEV1_FVC"),
    Task("GOLD", "GOLD", classes=(0, 1, 2, 3, 4), excluded=(-1,)),
    Task("CLE", "CLE", classes=(0, 1, 2, 3, 4, 5)),
    Task("Paraseptal", "paraseptal", classes=(0, 1, 2)),
    Task("AE History", "exacerbations", classes=(0, 1)),
)

# MosMed's grades zero, mild, moderate, severe and critical. The paper gives accuracy (Table 4); kappa is ours.
COVID_SEVERITY = Task("COVID-19 severity", "mosmed_grade", classes=(0, 1, 2, 3, 4), scored_by=("accuracy", "kappa"))


def labels_of(subjects: pd.DataFrame, task: Task) -> pd.Series:
    """Returns the task's label of every subject that has one, in the order of `sid`.

    Parameters
    ----------
    subjects : DataFrame
        Columns ``sid`` (unique) and `task.column`.

    Returns
    -------
    Series
        Indexed by ``sid``: the natural logarithm of the column or, where the task says so, its value (float), or the
        grade (int). Subjects are left out whose value is missing, excluded by the task or, where a logarithm is taken,
        not positive.

    Raises
    ------
    KeyError
        The table has no such column.
    ValueError
        A subject is listed twice, the column holds text, or a grade is neither one of the task's classes nor excluded.
    """
    if task.column not in subjects:
        raise KeyError(f"the subject table has no column {task.column!r}, which task {task.name!r} needs")
    values = subjects.set_index("sid", verify_integrity=True)[task.column].sort_index().dropna()
    if text := [value for value in values if isinstance(value, str)]:
        raise ValueError(f"column {task.column!r} holds text ({text[0]!r}); task {task.name!r} needs numbers")
    if task.classes is None and not task.log:
        return values.astype(float)
    if task.classes is None:
        return np.log(values[values > 0].astype(float))
    values = values[~values.isin(task.excluded)]
    unknown = sorted(set(values) - set(task.classes))
    if unknown:
        raise ValueError(f"column {task.column!r} holds {unknown}; grades of task {task.name!r} are {task.classes}")
    return values.astype(int)
