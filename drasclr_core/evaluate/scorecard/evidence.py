"""What the result files of a run say about each comparison that a claim of the paper is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.evaluate.result_files import PAPER_DETECTOR, ResultReader
from drasclr_core.evaluate.scorecard.comparisons import lacking
from drasclr_core.evaluate.scorecard.kept import KEPT, kept_comparison
from drasclr_core.evaluate.scorecard.pairs import over_folds, worst_pair
from drasclr_core.evaluate.scorecard.seeds import over_seeds
from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.intervals import subjects_tested
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.evaluate.statistics.share_trends import BEYOND_LAA, STAGE, TRUTH
from drasclr_core.evaluate.statistics.trend import jonckheere_terpstra, spearman

MIN_DRAWS = 20
"""Fewer bootstrap draws than this give no interval."""
MIN_SUBJECTS = 4
"""Fewer mapped subjects than this show no trend."""
EMPTY = "its page had nothing to judge, and says why"
"""Why a result file without rows gives no estimate: no detector may draw, no truth or no stage is known."""

_UNKNOWN = dict.fromkeys(("estimate", "low", "high", "wide_low", "wide_high"), float("nan"))
_UNKNOWN |= {"interval": "", "wide_interval": "", "draws": 0, "subjects": 0, "folds": 0, "level": float("nan")}
_UNKNOWN |= {"missing": "", "lacks": "", "note": "", "room": True, "kept": False, "p_folds": float("nan")}
_UNKNOWN |= dict.fromkeys(("p_up", "p_down", "truth_low", "truth_high"), float("nan"))


def evidence(results: str | Path, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Returns each comparison with this run's difference and its intervals, or the reason why there is none.

    The folder `results` holds the result files, of which any may be absent; `comparisons` are those of `comparisons`.

    Returns
    -------
    DataFrame
        `comparisons` with ``estimate`` (difference, correlation or factor); ``low, high``, its 95 % interval;
        ``wide_low, wide_high``, the interval at 100 - 5 / k % where the claim has k comparisons (of differences;
        elsewhere the same); ``interval, wide_interval``, how their ends are found (see `paired_difference`), and
        ``draws``, from how many; ``p_folds``, p of the corrected resampled t-test over folds (the largest, where one is
        compared with several; for rule ``alike`` of two tests against the margin; for rule ``seeds`` a fold is a seed);
        ``subjects`` tested and ``folds`` (of all repeats; 0 where no file tells); ``level``, the score of the best of
        the others; ``p_up, p_down`` of rule ``rises``, and ``p_up`` of ``factor``; ``truth_low, truth_high``, the
        interval of the correlation with the true share given LAA-950, where a trend has such a truth; ``room``, false
        where the others score so high that the paper's difference would lead beyond a perfect score, or where a factor
        above ``high`` could not be seen; ``missing``, why there is no estimate; ``lacks``, which of several methods the
        run lacks; ``note``, what else the verdict rests on; ``kept``, whether all of it is of an earlier scorecard,
        because the draws are not there (see `kept_comparison`). Text is empty and numbers are NaN where there is
        nothing to say.

    Raises
    ------
    ValueError
        A result file is there and is not what it should be.
    """
    reader = ResultReader(Path(results))
    counts = comparisons.groupby("id")["id"].transform("size")
    rows = []
    for row, count in zip(comparisons.to_dict("records"), counts, strict=True):
        rows.append({**row, **_UNKNOWN, **_RULES[row["rule"]](reader, row, count)})
    return pd.DataFrame(rows)


def _difference(reader: ResultReader, row: dict, count: int) -> dict:
    """The lowest of the methods minus the highest of the others, on the same subjects (see `worst_pair`)."""
    stem = f"{row['file']}_bootstrap"
    draws = reader(stem, "bootstrap")
    if draws is None:
        made = reader(f"{row['file']}_folds", "folds") is not None
        return _kept(reader, row) or {
            "missing": f"{'its draws have not travelled' if made else 'not made by this run'}: no {stem}.csv"
        }
    if (row["task"], row["metric"]) not in draws:
        if row["metric"].startswith("concordance at "):
            return {"missing": f"too few deaths for a horizon of its own at the {row['metric'].split()[-1]} percentile"}
        return {"missing": f"{stem}.csv has no {row['task']} ({row['metric']})"}
    values = draws[row["task"], row["metric"]]
    sides = [[name for name in names if name in values] for names in (row["methods"], row["others"])]
    lacks = [name for name in (*row["methods"], *row["others"]) if name not in values]
    if not all(sides):
        return lacking(row, sides)
    values = values[[*sides[0], *sides[1]]].dropna()
    draws = int(values.index.difference([SAMPLE]).size)
    if draws < MIN_DRAWS or SAMPLE not in values.index:
        return {"missing": f"{draws} usable draws in {stem}.csv; {MIN_DRAWS} are needed"}
    scores = reader(f"{row['file']}_folds", "folds")
    subjects = subjects_tested(scores, row["task"], row["metric"])
    found = worst_pair(*([values[name] for name in side] for side in sides), row["metric"], subjects, count)
    room = found["level"] + max(row["paper"], 0) <= (100 if row["metric"] in PERCENT else 1)
    found |= {"draws": draws, "subjects": subjects, "room": room, "lacks": ", ".join(lacks)}
    return found | over_folds(scores, row, *sides)


def _kept(reader: ResultReader, row: dict) -> dict:
    scores = reader(f"{row['file']}_folds", "folds")
    if scores is None:
        return {}
    here = set(scores.loc[scores["task"].eq(row["task"]) & scores["metric"].eq(row["metric"]), "method"])
    sides = [[name for name in names if name in here] for names in (row["methods"], row["others"])]
    if not all(sides):
        return {}
    lacks = ", ".join(name for name in (*row["methods"], *row["others"]) if name not in here)
    return kept_comparison(reader(KEPT, KEPT), row, lacks, over_folds(scores, row, *sides), _UNKNOWN)


def _given(reader: ResultReader, row: dict, count: int, value: str, by: str = "subtype", **where: str) -> dict:
    """An estimate whose interval is in the claim's file, in the first row with its task in `by` and texts `where`."""
    stem = row["file"]
    table = reader(stem, stem)
    if table is None:
        return {"missing": f"not made by this run: no {stem}.csv"}
    if table.empty:
        return {"missing": EMPTY}
    chosen = table[_same(table[by], row["task"])]
    for column, name in where.items():
        chosen = chosen[_same(chosen[column], name)]
    if chosen.empty or chosen[[value, "low", "high"]].iloc[0].isna().any():
        return {"missing": f"{stem}.csv has no interval for {row['task'].lower()}"}
    found = chosen.iloc[0]
    ends = {f"{wide}{end}": found[end] for wide in ("", "wide_") for end in ("low", "high")}
    return {"estimate": found[value], "subjects": int(found.get("subjects", 0)), **ends}


def _saved(reader: ResultReader, row: dict, count: int) -> dict:
    """A factor of annotation saved, with the p of the exchange of its methods."""
    given = _given(reader, row, count, "factor")
    if given.get("missing"):
        return given
    table = reader(row["file"], row["file"])
    absent = [name for name in ("p", "censored") if name not in table]
    if absent:
        return {"missing": f"{row['file']}.csv has no {absent[0]}: it is of an older version, run notebook 23 again"}
    found = table[_same(table["subtype"], row["task"])].iloc[0]
    # An upper end that is the largest factor that could be seen may lie anywhere above.
    room = found["high"] <= 1 or "high" not in str(found["censored"])
    return {**given, "p_up": found["p"], "room": room, "note": f"exchange of the methods: p {found['p']:.2g}"}


def _trend(reader: ResultReader, row: dict, count: int) -> dict:
    """The rank correlation of share and stage over the cohort, and what the share says about the true one."""
    given = _given(reader, row, count, "spearman", against=STAGE)
    return given if given.get("missing") else given | _founded(reader, row["task"])


def _founded(reader: ResultReader, subtype: str, known: bool = False) -> dict:
    """The correlation with the true share given LAA-950; nothing where the truth is not `known` and the file has none.

    Without an interval for it, it may be anything.
    """
    table = reader("fig4_trend", "fig4_trend")
    if table is None:
        return {"missing": "not made by this run: no fig4_trend.csv, which compares shares with the truth"}
    own = table[_same(table["subtype"], subtype)]
    if not known and not _same(own["against"], TRUTH).any():
        return {}
    if not _same(own["against"], BEYOND_LAA).any():
        return {"missing": f"fig4_trend.csv has no {BEYOND_LAA}: it is of an older version, run notebook 22 again"}
    found = own[_same(own["against"], BEYOND_LAA)].iloc[0]
    low, high = found[["low", "high"]].fillna({"low": -1.0, "high": 1.0})
    note = f"{subtype.lower()} share with the {BEYOND_LAA}: {found['spearman']:.2f} ({low:.2f} to {high:.2f})"
    return {"truth_low": low, "truth_high": high, "note": note}


def _rising(reader: ResultReader, row: dict, count: int) -> dict:
    """Rank correlation of stage and detected share in a few subjects, with exact p values both ways."""
    table = reader("fig3_truth", "fig3_truth")
    if table is None:
        return {"missing": "not made by this run: no fig3_truth.csv"}
    if table.empty:
        return {"missing": EMPTY}
    chosen = table[_same(table["subtype"], row["task"]) & table["method"].eq(PAPER_DETECTOR)]
    chosen = chosen[chosen["GOLD"] >= 0].dropna(subset=["GOLD", "detected_share"])
    if len(chosen) < MIN_SUBJECTS or chosen["GOLD"].nunique() < 2:
        return {"missing": f"{len(chosen)} subjects with a stage and a map; at least {MIN_SUBJECTS} are needed"}
    share, stage = chosen["detected_share"].to_numpy(float), chosen["GOLD"].to_numpy(float)
    if np.ptp(share) == 0:
        return {"missing": f"the detected share is {share[0]:g} in all {len(share)} mapped subjects"}
    up, down = (jonckheere_terpstra(sign * share, stage).p for sign in (1, -1))
    return {"estimate": spearman(share, stage)[0], "p_up": up, "p_down": down} | _founded(
        reader, row["task"], known=True
    )


def _same(column: pd.Series, name: str) -> pd.Series:
    return column.astype(str).str.lower().eq(name.lower())


_RULES: dict[str, Callable[[ResultReader, dict, int], dict]] = {
    "better": _difference,
    "seeds": over_seeds,
    "alike": _difference,
    "correlated": _trend,
    "rises": _rising,
    "apart": partial(_given, value="rank_biserial", by="measure", source="detected"),
    "factor": _saved,
    "cost": lambda reader, row, count: {"missing": "a cost on the authors' machines"},
}
