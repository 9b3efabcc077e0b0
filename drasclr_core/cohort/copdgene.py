"""COPDGene: its scans and its phenotype, visual-score and vital-status files become a subject table."""

from __future__ import annotations

from fnmatch import fnmatch
from itertools import compress
from pathlib import Path

import pandas as pd

from drasclr_core.cohort.copdgene_columns import CLINICAL, MORTALITY, NEVER_SMOKED, VISUAL, timing
from drasclr_core.cohort.label_file import read_label_file
from drasclr_core.cohort.manifest import is_scan, read_manifest
from drasclr_core.cohort.subjects import check_subjects, named
from drasclr_core.folders import walk

PATTERN = "*_INSP_STD_*"
"""Names of inspiratory scans with a standard kernel: ``<sid>_INSP_STD_<site>_COPD`` and an ending."""


def read_copdgene(
    images: str | Path,
    phenotypes: str | Path | None = None,
    visual_scores: str | Path | None = None,
    mortality: str | Path | None = None,
    phase: int = 1,
    pattern: str = "",
) -> pd.DataFrame:
    """Returns a subject table of COPDGene's files; all files with labels are optional.

    Parameters
    ----------
    images : path
        A folder, in which scans whose names match `pattern` are looked for at any depth (the sid is the name up to the
        first ``_``), or a CSV file with columns ``sid`` and ``image``.
    phenotypes, visual_scores, mortality : path, optional
        Tab- or comma-separated text, long, wide or of one visit (`read_label_file`). The columns are listed in
        `copdgene_columns`; visual scores are also taken from the phenotype file if there is no file of their own.
    phase : int
        The visit: 1, 2 or 3. Follow-up is counted from there.
    pattern : str
        Shell-style pattern of the names of scan files or DICOM folders, such as ``*_INSP_STD_*_COPD.nii.gz``; empty
        for `PATTERN`.

    Returns
    -------
    DataFrame
        One row for each subject with a scan, in order of sid: ``sid``, ``image`` (absolute) and, under the names and in
        the units of the phantom cohort, every label that the files have; GOLD -1 is PRISm. A subject who never smoked
        has smoking "never" and no GOLD stage. ``attrs["notes"]`` lists in sentences what is missing: subjects with
        labels and no scan (left out), scans without labels (kept), values and columns taken for missing.

    Raises
    ------
    FileNotFoundError
        A file or folder does not exist.
    ValueError
        No scan, two scans or two rows of one subject, a file in which nothing is known, or follow-up from a later phase
        whose day is unknown; the message names file, column and remedy.
    """
    if phase not in (1, 2, 3):
        raise ValueError(f"phase {phase!r}: COPDGene has phases 1, 2 and 3. Give one of these numbers.")
    table = _find_images(images, pattern or PATTERN)
    labels, notes = _read_labels(phenotypes, visual_scores, mortality, phase)
    with_scan, known = set(table["sid"]), set(labels.index)
    if len(labels.columns):
        notes += _counted(known - with_scan, "Subjects with labels and no scan, left out")
        notes += _counted(with_scan - known, "Scans without labels, kept")
    if phenotypes:
        absent = {label.ours: label.theirs[0] for label in CLINICAL if label.ours not in labels}
        if absent:
            columns = ", ".join(f"{ours} ({theirs})" for ours, theirs in absent.items())
            notes.append(f"{Path(phenotypes).name}: no column for {columns}.")
    table = table.join(labels, on="sid")
    for label in (*CLINICAL, *VISUAL, *MORTALITY):
        if label.whole and label.ours in table and table[label.ours].notna().all():
            table[label.ours] = table[label.ours].astype(int)
    table.attrs["notes"] = notes
    return table


def _find_images(images: str | Path, pattern: str) -> pd.DataFrame:
    if not str(images).strip():
        raise ValueError("No scans of COPDGene given: give the folder with the images (in notebook 01 as manifest).")
    folder = Path(images)
    if not folder.is_dir():
        return read_manifest(folder)[["sid", "image"]].sort_values("sid", ignore_index=True)
    found = (path for path in walk(folder.resolve()) if fnmatch(path.name, pattern))
    scans = list(filter(is_scan, found))
    around = {folder for scan in scans for folder in scan.parents}  # an export may repeat the name one level below
    scans = sorted((scan for scan in scans if scan not in around), key=lambda scan: scan.name)
    if not scans:
        raise ValueError(f"{folder.name}: no scan with a name like {pattern} in it. Give the folder with the images, "
                         "or another pattern (in notebook 01 as image_pattern).")  # fmt: skip
    table = pd.DataFrame({"sid": [scan.name.split("_")[0] for scan in scans], "image": [str(scan) for scan in scans]})
    twice = table["sid"].duplicated(keep=False)
    if twice.any():
        raise ValueError(f"{folder.name}: subjects with more than one scan: {table['sid'][twice].nunique()} "
                         f"({named(scan.name for scan in compress(scans, twice))}). Choose one of each by a narrower "
                         "pattern (in notebook 01 as image_pattern).")  # fmt: skip
    check_subjects(table, folder.name)
    return table.sort_values("sid", ignore_index=True)


def _read_labels(phenotypes, visual_scores, mortality, phase: int) -> tuple[pd.DataFrame, list[str]]:
    """All labels by sid, in the order of the phantom cohort; visual scores from their own file come first."""
    days_before = timing(phase)
    wanted = (
        (visual_scores, VISUAL, True),
        (mortality, MORTALITY, True),
        (phenotypes, (*CLINICAL, *VISUAL, days_before), False),
    )
    frames, notes = [pd.DataFrame(index=pd.Index([], name="sid", dtype=str))], []
    for path, labels, complete in wanted:
        if path:
            frame, remarks = read_label_file(path, labels, phase, complete)
            frames.append(frame)
            notes += remarks
    table = pd.concat(frames, axis=1)
    table = table.loc[:, ~table.columns.duplicated()]
    if mortality and phase > 1:
        _count_from_phase(table, days_before, Path(mortality).name)
    if "GOLD" in table:
        never = table["GOLD"] == NEVER_SMOKED
        table["GOLD"] = table["GOLD"].mask(never)
        if "smoking" in table:
            table["smoking"] = table["smoking"].mask(never, "never")
    order = dict.fromkeys(label.ours for label in (*CLINICAL, *VISUAL, *MORTALITY))
    return table[[ours for ours in order if ours in table]], notes


def _count_from_phase(table: pd.DataFrame, days_before, mortality: str) -> None:
    """Days of follow-up from the phase that is read; a subject who was not there then has none."""
    if days_before.ours not in table:
        raise ValueError(f"{mortality}: its days are counted from phase 1, and the phenotype file has no column "
                         f"{' or '.join(days_before.theirs)} to count from a later one. Add it, or leave "
                         "mortality out.")  # fmt: skip
    table["days"] = table["days"] - table[days_before.ours]
    table.loc[~(table["days"] > 0), ["days", "died"]] = float("nan")


def _counted(sids: set[str], what: str) -> list[str]:
    return [f"{what}: {len(sids)} ({named(sorted(sids))})."] if sids else []
