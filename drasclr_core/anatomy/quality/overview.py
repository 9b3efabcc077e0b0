"""The verdicts of a whole cohort: listed worst first, and who goes on to the next stage."""

from __future__ import annotations

from math import inf

import pandas as pd

from drasclr_core.anatomy.quality.limits import LIMITS
from drasclr_core.anatomy.quality.verdict import VERDICTS, Quality
from drasclr_core.cohort.subjects import SHOWN, read_subjects
from drasclr_core.run import Run

MEASURES = ("right_l", "left_l", *(limit.measure for limit in LIMITS))


class NoUsableScanError(ValueError):
    """Every scan of a cohort is refused; the message gives the reasons."""


def worst_first(run: Run) -> list[tuple[str, Quality]]:
    """Returns sid and quality of every subject of the cohort, by verdict, number of reasons, overlap (Dice), sid.

    Subjects that stage 02 has not reached yet have the verdict ``not done`` and come before all others.
    """
    found = []
    for sid in read_subjects(run)["sid"]:
        aligned, scan = (folder / "quality.json" for folder in (run.alignment(sid), run.anatomy(sid)))
        if aligned.exists():
            quality = Quality.load(aligned)
        else:  # what another atlas said of the scan does not count
            quality = Quality.load(scan).before_alignment() if scan.exists() else Quality("not done")
        found.append((sid, quality))
    return sorted(found, key=_badness)


def _badness(entry: tuple[str, Quality]) -> tuple:
    sid, quality = entry
    rank = VERDICTS.index(quality.verdict) if quality.verdict in VERDICTS else -1
    return rank, -len(quality.reasons), quality.measures.get("dice", inf), sid


def quality_table(run: Run, true_overlap: pd.Series | None = None) -> pd.DataFrame:
    """Returns one row per subject of the cohort, the worst first: ``sid, verdict, reasons``, measures.

    The order is that of `worst_first`. With `true_overlap`, Dice of the lungs with the true ones by sid, this is a
    column ``dice_truth``, and of subjects with the same verdict the one with the lowest comes first. A measure that
    nobody has is a column without numbers, so that a cohort of refused scans has the same columns.
    """
    rows = []
    for sid, quality in worst_first(run):
        measures = {name: value for name, value in quality.measures.items() if not isinstance(value, str)}
        reasons = "; ".join(quality.reasons).replace(".; ", "; ")
        rows.append({"sid": sid, "verdict": quality.verdict, "reasons": reasons, **measures})
    table = pd.DataFrame(rows)
    table = table.reindex(columns=[*table, *(name for name in MEASURES if name not in table)])
    if true_overlap is None:
        return table
    rank = table["verdict"].map(list(dict.fromkeys(table["verdict"])).index)
    table = table.assign(dice_truth=table["sid"].map(true_overlap), rank=rank)
    return table.sort_values(["rank", "dice_truth"], kind="stable", ignore_index=True).drop(columns="rank")


def accepted_subjects(run: Run) -> pd.DataFrame:
    """Returns subject table and measures of the subjects whose scan is ``ok`` or to ``review``, in the table's order.

    A label with a measure's name gets ``_label`` behind it.
    """
    judged = quality_table(run)
    accepted = judged[judged["verdict"].isin(["ok", "review"])]
    return read_subjects(run).merge(accepted, on="sid", suffixes=("_label", ""))


def require_usable(table: pd.DataFrame) -> None:
    """Raises `NoUsableScanError` with the first reasons where every scan of a `quality_table` is refused."""
    if len(table) and (table["verdict"] == "refused").all():
        reasons = table["reasons"].str.removesuffix(".").head(SHOWN)
        more = f"; and {len(table) - SHOWN} more" if len(table) > SHOWN else ""
        raise NoUsableScanError(f"no scan can be used, {len(table)} refused: {'; '.join(reasons)}{more}.")
