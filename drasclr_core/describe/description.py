"""What is known of one scan: the files of its folder, read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from drasclr_core.anatomy.quality.verdict import Quality
from drasclr_core.describe.among_cohort import Place
from drasclr_core.describe.scan_folder import NEUTRAL

REPORT, SUMMARY, REGIONS = "report.html", "summary.json", "regions.csv"
PAGE_3D, PICTURE_3D = "view_3d.html", "view_3d.jpg"
LANDMARKS, IMAGE = "landmarks.parquet", "image.parquet"


def probability_file(subtype: str) -> str:
    """Returns the name of the map of a subtype's probability."""
    return f"{subtype}_probability.nii.gz"


def mask_file(subtype: str) -> str:
    """Returns the name of the mask of a subtype."""
    return f"{subtype}_mask.nii.gz"


@dataclass(frozen=True)
class Description:
    """One scan, described (see `describe_scan`).

    Attributes
    ----------
    folder : Path
        Where everything lies.
    name : str
        How the scan is called in tables and in the report.
    quality : Quality
        Verdict, reasons and measures.
    made : dict
        How: run, cohort and whether it is ``simulated``, preset, encoder, detector, code.
    landmarks, regions : DataFrame or None
        ``landmarks.parquet`` and ``regions.csv``; None for a refused scan.
    maps : dict
        Subtype -> what its dense map reports (see `map_subtype`). Empty where the run has no detectors.
    missing_maps : str
        Why there are no maps, or empty.
    place : Place or None
        The scan among the cohort; None for a refused scan, or a cohort without features or too small.
    cohort : DataFrame or None
        ``sid`` and, where known, ``LAA950_pct`` of the cohort's subjects but the scan itself, in the order of
        ``place.points``.
    """

    folder: Path
    name: str
    quality: Quality
    made: dict
    landmarks: pd.DataFrame | None = None
    regions: pd.DataFrame | None = None
    maps: dict = field(default_factory=dict)
    missing_maps: str = ""
    place: Place | None = None
    cohort: pd.DataFrame | None = None

    @property
    def refused(self) -> bool:
        return self.quality.verdict == "refused"

    @property
    def reasons(self) -> list[str]:
        """Reasons of the verdict, without the word that stands for the scan's file name."""
        return [reason.removeprefix(f"{NEUTRAL}: ") for reason in self.quality.reasons]

    @property
    def report(self) -> Path:
        """The page for a reader."""
        return self.folder / REPORT

    @property
    def whole(self) -> dict:
        """The row of `regions` for both lungs whole; a number that is not known is None."""
        return {name: None if pd.isna(value) else value for name, value in self.regions.iloc[-1].items()}

    @property
    def laa_percentile(self) -> float | None:
        """Per cent of the cohort's subjects with less LAA-950; None where that is not known."""
        if self.cohort is None or self.regions is None or "LAA950_pct" not in self.cohort:
            return None
        known = self.cohort["LAA950_pct"].dropna()
        return 100 * float((known < self.whole["laa950_pct"]).mean()) if len(known) else None

    @property
    def compared_with(self) -> str:
        """Whom the scan is compared with, as "63 simulated subjects"."""
        return f"{len(self.cohort)} {'simulated subjects' if self.made['simulated'] else 'subjects of the cohort'}"

    def files(self) -> list[str]:
        """Returns the names of the files in the folder, but marks."""
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))

    def summary(self) -> dict:
        """Returns what ``summary.json`` holds; a number that is not known is None there."""
        place = None
        if self.place is not None:
            place = {name: getattr(self.place, name) for name in ("distance", "percentile", "odd_landmarks", "verdict")}
            place |= {"subjects": len(self.place.points), "laa950_percentile": self.laa_percentile}
        return {
            "name": self.name,
            "verdict": self.quality.verdict,
            "reasons": self.quality.reasons,
            "lungs": None if self.regions is None else self.whole,
            "maps": self.maps,
            "missing_maps": self.missing_maps,
            "place": place,
            "made": self.made,
        }
