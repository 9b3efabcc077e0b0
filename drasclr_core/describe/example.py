"""A subject of the cohort that stands for a reader's own scan."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.detect.boxes.annotated import usable
from drasclr_core.detect.detector.detector import FOLDS_FILE
from drasclr_core.detect.verdict import drawing_method
from drasclr_core.run import Run


def example_subject(run: Run, detector: str = "") -> tuple[str, Path]:
    """Returns a subject of the cohort to try `describe_scan` on: its sid and its scan.

    Of the usable subjects on which no detector of the method `detector` (by default that of `drawing_method`) was
    trained (of all usable ones, if there are no such), one with more LAA-950 than three quarters of them, as far as it
    is known, so that there is something to see.

    Raises
    ------
    FileNotFoundError
        No subject of the cohort is usable.
    """
    subjects, folds = read_subjects(run), run.detectors(detector or drawing_method(run)) / FOLDS_FILE
    chosen = subjects[subjects["sid"].isin(usable(run, subjects["sid"]))]
    if chosen.empty:
        raise FileNotFoundError(f"No subject of cohort {run.cohort_name!r} is aligned: run notebook 04_registration.")
    seen = set(pd.read_csv(folds, converters={"sid": str})["sid"]) if folds.exists() else set()
    unseen = chosen[~chosen["sid"].isin(seen)]
    chosen = chosen if unseen.empty else unseen
    if "LAA950_pct" in chosen and chosen["LAA950_pct"].notna().any():
        chosen = chosen.dropna(subset="LAA950_pct").sort_values("LAA950_pct", kind="stable")
    row = chosen.iloc[round(0.75 * (len(chosen) - 1))]
    return row["sid"], image_path(run, row["image"])
