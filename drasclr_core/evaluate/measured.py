"""Features that are measurements: taken on the scan by notebooks 02 and 09, given in a table, or true of a phantom.

What is measured on the scan goes first. In a cohort of patients, columns of the subject table (COPDGene's are measured
by software on the same scans) stand in where notebook 09 has not run, and add the airway measures, which it does not
take. In a simulated cohort the same columns are the truth without scanner noise: no baseline reads them, and they are
rows of their own, ceilings.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from drasclr_core.anatomy.quality import quality_table
from drasclr_core.run import Run

LAA950, LUNG_DENSITY, HAND_DESIGNED = "laa950", "lung_density", "hand_designed"
TRUTH = "truth"
"""The row of the true disease, the folder of features that notebook 09 writes of simulated subjects."""
ON_SCAN_LAA = "laa950_pct"
"""LAA-950 among the features of `HAND_DESIGNED` that notebook 09 writes."""
AIRWAYS = ("gas_trapping_pct", "Pi10_mm", "wall_area_pct")
"""Given columns that densitometry of the inspiratory scan does not replace."""
LEAST_GIVEN = 0.9
"""Share of the subjects who must have such a column: whoever lacks one is in no row of a table."""
GIVEN = {LAA950: ("LAA950_pct",), HAND_DESIGNED: ("LAA950_pct", *AIRWAYS)}
NOISE_FREE = {"laa950_noise_free": GIVEN[LAA950], "ct_noise_free": GIVEN[HAND_DESIGNED]}
"""Ceilings of a simulated cohort, and their columns of its subject table."""
MEASURED = (LAA950, LUNG_DENSITY, HAND_DESIGNED, *NOISE_FREE)


def is_simulated(run: Run) -> bool:
    """Returns whether the cohort of the `run` is simulated, so that its subject table holds true values."""
    return run.truth.is_dir()


def measured_features(
    run: Run, subjects: pd.DataFrame, method: str, on_scan: pd.DataFrame | None
) -> tuple[pd.DataFrame, str]:
    """Returns features of one of `MEASURED`, ``sid`` and a column for each, and in words where they come from.

    Parameters
    ----------
    run : Run
    subjects : DataFrame
        The subject table.
    method : str
        ``laa950`` (% of lung voxels below -950 HU), ``lung_density`` (mean HU), ``hand_designed`` (densitometry, with
        the airway measures that a table of patients gives for most), or a ceiling, ``laa950_noise_free`` or
        ``ct_noise_free``.
    on_scan : DataFrame or None
        The features ``hand_designed`` that notebook 09 wrote, if it has.

    Raises
    ------
    KeyError
        The subject table has no such column, or a ceiling is asked of patients.
    FileNotFoundError
        Notebook 02 or 09 has not measured the cohort.
    """
    if method == LUNG_DENSITY:
        found = quality_table(run).reindex(columns=["sid", "mean_hu"]).dropna()
        if found.empty:
            raise FileNotFoundError(
                f"method {method!r}: no lungs of cohort {run.cohort_name!r} yet. Run notebook 02_lungs."
            )
        return found, "measured on the scan (notebook 02)"
    if method in NOISE_FREE:
        if not is_simulated(run):
            raise KeyError(f"method {method!r}: values without scanner noise are known of simulated subjects only")
        return _columns(
            subjects, NOISE_FREE[method], method
        ), "true values before scanner noise, with a small reading error"
    if on_scan is None:
        if is_simulated(run):
            raise FileNotFoundError(
                f"method {method!r}: not measured on the scans of cohort {run.cohort_name!r} yet, and the columns of a "
                "simulated subject table are no measurements. Run notebook 09_hand_made."
            )
        given, rare = _frequent(GIVEN[method], subjects)
        return _columns(subjects, given, method), "as given in the subject table" + rare
    if method == LAA950:
        if ON_SCAN_LAA not in on_scan:
            raise KeyError(f"method {method!r}: notebook 09 measured no {ON_SCAN_LAA!r}. Run 09_hand_made again.")
        return on_scan[["sid", ON_SCAN_LAA]].dropna(), "measured on the scan (notebook 09)"
    there = [] if is_simulated(run) else [name for name in AIRWAYS if name in subjects]
    given, rare = _frequent(there, on_scan[["sid"]].merge(subjects, on="sid"))
    said = "measured on the scan (notebook 09)"
    if given:
        said += f"; {', '.join(given)} as given in the subject table"
    return on_scan.merge(_columns(subjects, given, method), on="sid") if given else on_scan, said + rare


def _frequent(names: Sequence[str], subjects: pd.DataFrame) -> tuple[list[str], str]:
    """Which of these columns stay, and in words which airway measures do not: those that too few `subjects` have."""
    known = {name: subjects[name].notna().mean() for name in names if name in AIRWAYS and name in subjects}
    rare = {name: share for name, share in known.items() if share < LEAST_GIVEN}
    told = ", ".join(f"{name} ({100 * share:.0f} %)" for name, share in rare.items())
    said = f"; without {told}, which too few subjects have" if rare else ""
    return [name for name in names if name not in rare], said


def _columns(table: pd.DataFrame, names, method: str) -> pd.DataFrame:
    absent = [name for name in names if name not in table]
    if absent:
        raise KeyError(f"the subject table has no column {absent[0]!r}: add it, or take {method!r} off `methods`")
    return table[["sid", *names]].dropna()
