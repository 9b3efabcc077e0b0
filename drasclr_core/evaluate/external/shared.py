"""Who is in both of two cohorts: such a subject would be tested by models that were fitted on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.evaluate.measured import is_simulated
from drasclr_core.files import read_json
from drasclr_core.run import Run

LEAST_ALIKE = 3
"""Measurements that two subjects must share to be one: one or two of strangers agree by chance."""


def no_shared_subjects(fitted: Run, tested: Run) -> None:
    """Raises ValueError where a subject of the run `fitted` is one of the run `tested`, by its values or its scan.

    Sids alone tell nothing, because every simulated cohort counts from P00000. See `alike_in_values` and `same_scans`,
    of which the second is asked of people only.
    """
    shared = alike_in_values(fitted, tested)
    if not (is_simulated(fitted) or is_simulated(tested)):
        shared |= same_scans(fitted, tested)
    if shared:
        first, second = (f"{run.cohort_name!r} of run {run.name!r}" for run in (fitted, tested))
        raise ValueError(
            f"{len(shared)} subjects are in both cohorts, {first} and {second}: models would be tested on "
            "subjects that they were fitted on. Give the run of this page other subjects (phantoms: another seed in "
            "stage 01_cohort)."
        )


def alike_in_values(fitted: Run, tested: Run) -> set[str]:
    """Returns the sids of the run `tested` of which the run `fitted` has the same subject, whatever it calls it.

    Two subjects are one where more than half of the values that both tables measure agree, and `LEAST_ALIKE` of them at
    least; only columns with fractions count, because grades are shared by many.
    """
    whole = [read_subjects(run) for run in (fitted, tested)]
    tables = [table.select_dtypes("number") for table in whole]
    shared = [name for name in tables[0] if name in tables[1] and all((one[name] % 1 > 0).any() for one in tables)]
    theirs, ours = (table[shared].to_numpy(float).round(6) for table in tables)
    alike = set()
    for sid, row in zip(whole[1]["sid"], ours, strict=True):
        both, same = np.isfinite(theirs) & np.isfinite(row), theirs == row
        if ((same.sum(axis=1) > both.sum(axis=1) / 2) & (same.sum(axis=1) >= LEAST_ALIKE)).any():
            alike.add(sid)
    return alike


def same_scans(fitted: Run, tested: Run) -> set[str]:
    """Returns the sids of the run `tested` whose scan the run `fitted` has, by file or by content, under any sid.

    Contents are known of scans in which notebook 02 looked for lungs.
    """
    theirs = set().union(*_scans(fitted).values())
    return {sid for sid, marks in _scans(tested).items() if marks & theirs}


def _scans(run: Run) -> dict[str, set[Path | str]]:
    """Of each subject its scan's file and, if it was read, the fingerprint of its content."""
    found = {}
    for sid, image in read_subjects(run)[["sid", "image"]].to_numpy():
        read = read_json(run.anatomy(sid) / ".lungs.json").get("image", {})
        found[sid] = {image_path(run, image).resolve(), *([read["content"]] if "seen" in read else [])}
    return found
