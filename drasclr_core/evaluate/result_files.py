"""The result files of a run, checked: which columns each has, and what is said of one that has others."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

SCORES = ("method", "task", "metric", "repeat", "fold", "value", "n_train", "n_test")
"""Columns of a file of fold scores."""
COLUMNS = {
    "bootstrap": ("method", "task", "metric", "draw", "value"),
    "folds": SCORES,
    "fig3_regions": ("source", "measure", "rank_biserial", "low", "high"),
    "fig3_truth": ("GOLD", "subtype", "method", "detected_share"),
    "fig4_trend": ("subtype", "against", "spearman", "low", "high"),
    "fig5_saved": ("subtype", "factor", "low", "high"),
    "scorecard_comparisons": ("id", "task", "metric", "estimate", "low", "high", "p_folds"),
}
PAPER_DETECTOR = "drasclr_finetuned"
"""The method whose maps and shares Paper Fig. 3 and 4 show, and whose files the scorecard reads."""
_NUMBERS = ("draw", "value", "spearman", "rank_biserial", "factor", "low", "high", "GOLD", "detected_share")
_AGAIN = "Run the notebook that writes it again."


def figure_stem(figure: str, method: str) -> str:
    """Returns what the result files of a `figure` (``fig3``, ``fig4``) begin with for the detectors of a `method`.

    Those of `PAPER_DETECTOR` have the figure's name alone, so that no other method's numbers stand for the paper's.
    """
    return figure if method == PAPER_DETECTOR else f"{figure}_{method}"


class ResultReader:
    """Reads each file of a folder of results once and checks it; draws get a column per task, metric and method."""

    def __init__(self, folder: Path):
        self.folder, self.known = folder, {}

    def __call__(self, stem: str, kind: str) -> pd.DataFrame | None:
        """Returns the table of ``<stem>.csv`` (its columns: `COLUMNS` of this kind); None where there is no such file.

        Raises
        ------
        ValueError
            The file is not as `read_result` wants it, or lists a draw twice.
        """
        if stem not in self.known:
            path = self.folder / f"{stem}.csv"
            table = read_result(path, COLUMNS[kind]) if path.exists() else None
            if kind == "bootstrap" and table is not None:
                if table.duplicated(["method", "task", "metric", "draw"]).any():
                    raise ValueError(f"{path.name}: a draw is listed twice. {_AGAIN}")
                table = table.pivot(index="draw", columns=["task", "metric", "method"], values="value")
                table = table.sort_index(axis=1)
            self.known[stem] = table
        return self.known[stem]


def read_result(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Returns the table in the file `path`, which has at least these `columns`.

    Raises
    ------
    ValueError
        The file is no table, lacks a column, or holds text for a number.
    """
    try:
        table = pd.read_csv(path)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not a table ({error}). {_AGAIN}") from error
    absent = [column for column in columns if column not in table]
    if absent:
        raise ValueError(f"{path.name}: no column {absent[0]!r}; it needs {', '.join(columns)}. {_AGAIN}")
    texts = [name for name in columns if name in _NUMBERS and not pd.api.types.is_numeric_dtype(table[name])]
    if texts and len(table):
        raise ValueError(f"{path.name}: column {texts[0]!r} holds text. Leave a number that does not exist empty.")
    return table


def read_scores(path: str | Path) -> pd.DataFrame:
    """Returns the fold scores in `path` (``table2_folds.csv`` …), a row per method, task, metric, repeat and fold.

    It has the columns `SCORES`, and what else the file has; `value` may be NaN.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is not as `read_result` wants it, or lists a fold twice.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no such file of scores. Run the notebook that writes it first.")
    table = read_result(path, SCORES)
    twice = table.duplicated(["method", "task", "metric", "repeat", "fold"])
    if twice.any():
        row = table[twice].iloc[0]
        raise ValueError(
            f"{path.name}: {row['method']}, {row['task']}, fold {row['fold']} is listed twice. Keep one row."
        )
    return table
