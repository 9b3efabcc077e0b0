"""Quality of one scan's anatomy: what was measured, which limits it passes, and a verdict with reasons.

A verdict depends on the stored measures alone (`judge`), so that alignment can add its measures later and a change of a
limit needs no new computation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas import Atlas
from drasclr_core.anatomy.measures import measure_alignment, measure_lungs
from drasclr_core.anatomy.registration import Affine
from drasclr_core.anatomy.volume import Volume
from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.run import Run, read_json, write_json

VERDICTS = ("refused", "review", "ok")
"""Worst first. Refused scans are not used by later stages; scans to review are used, and shown to a person."""
NONE = float("inf")


@dataclass(frozen=True)
class Limit:
    """The ranges of one measure: inside `good` it is fine, inside `usable` to be reviewed, outside refused."""

    measure: str
    good: tuple[float, float]
    usable: tuple[float, float]
    reason: str


LIMITS = (
    # Total lung volume: 1st to 99th percentile of COPDGene at inspiration is about 2.5 to 9 l; expiration about half.
    Limit("volume_l", (2.0, 10.0), (0.8, 14.0), "lungs hold {:.1f} l"),
    # The left lung holds about 45 % of the total; disease and surgery of one side shift it.
    Limit("left_to_right", (0.6, 1.3), (0.15, 6.5), "left lung is {:.2f} times the right one"),
    # A whole lung ends in a tip: a larger face on the first or last slice is a cut.
    Limit("top_cut_cm2", (0.0, 3.0), (0.0, NONE), "apices cut: {:.0f} cm² of lung on the highest slice"),
    Limit("bottom_cut_cm2", (0.0, 3.0), (0.0, NONE), "bases cut: {:.0f} cm² of lung on the lowest slice"),
    # From severe emphysema to severe consolidation.
    Limit("mean_hu", (-930.0, -600.0), (-1000.0, -350.0), "lungs have {:.0f} HU on average"),
    # The paper's scans have slices of 0.6 to 1.25 mm; patches of 32 mm need at least a few slices.
    Limit("slice_mm", (0.0, 5.0), (0.0, 12.5), "slices of {:.1f} mm"),
    # A chest fills a third to two thirds of the first and last axial slice and hardly reaches the scan's other sides.
    Limit(
        "body_across",
        (0.0, 2.0),
        (0.0, NONE),
        "the body leaves the scan at its sides ({:.1f} times as much as at head and foot): is the orientation right?",
    ),
    # Below the reader's own limit (`dicom.MAX_GAP_MM`) missing slices are interpolated, which blurs a nodule.
    Limit("gap_mm", (0.0, 0.0), (0.0, NONE), "slices missing inside the series: a gap of {:.0f} mm was interpolated"),
    # Two healthy chests overlap by about 0.9 after an affine alignment; a failed one by 0.6 or less.
    Limit("dice", (0.80, NONE), (0.60, NONE), "warped lungs overlap the atlas by only {:.2f} (Dice)"),
    # 100 real affines to COPDGene's reference, inspiration and expiration: determinants 0.39 to 2.13, shears to 0.28.
    Limit("determinant", (0.30, 3.3), (0.10, 10.0), "volume changes {:.2f} times on the way to the atlas"),
    Limit("shear", (0.0, 0.35), (0.0, 0.80), "shear of {:.2f}"),
    Limit("landmarks_inside", (0.85, 1.0), (0.50, 1.0), "only {:.0%} of the lungs' landmarks lie in the lungs"),
)
"""Every limit; the reasons in a quality table are made from these lines."""


@dataclass(frozen=True)
class Quality:
    """The verdict on one scan.

    Attributes
    ----------
    verdict : str
        ``ok``, ``review`` or ``refused``.
    reasons : list of str
        What is wrong, worst first; empty for ``ok``.
    measures : dict
        Numbers the verdict is made from (see `LIMITS`), and ``error`` (str) where the scan could not be processed.
    """

    verdict: str
    reasons: list[str] = field(default_factory=list)
    measures: dict = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write JSON."""
        write_json(path, {"verdict": self.verdict, "reasons": self.reasons, "measures": self.measures})

    @classmethod
    def load(cls, path: str | Path) -> Quality:
        """Read what `save` wrote."""
        content = read_json(path)
        return cls(content["verdict"], content["reasons"], content["measures"])


def judge(measures: dict) -> Quality:
    """Verdict and reasons for measures (see `LIMITS`); what was not measured is not judged."""
    refused = [measures["error"]] if "error" in measures else []
    review = []
    for limit in LIMITS:
        value = measures.get(limit.measure)
        if value is None or limit.good[0] <= value <= limit.good[1]:
            continue
        usable = limit.usable[0] <= value <= limit.usable[1]
        (review if usable else refused).append(limit.reason.format(value))
    verdict = "refused" if refused else "review" if review else "ok"
    return Quality(verdict, refused + review, measures)


def assess(volume: Volume, lungs: np.ndarray, affine: Affine | None = None, atlas: Atlas | None = None) -> Quality:
    """Judge a scan by its lungs and, where it is aligned, by its alignment.

    Parameters
    ----------
    volume : Volume
    lungs : uint8 [x, y, z]
        Labels of `segment_lungs` on the same voxels.
    affine, atlas : optional
        The alignment; give both or none.
    """
    measures = measure_lungs(volume, lungs)
    if affine is not None and atlas is not None:
        measures |= measure_alignment(lungs, volume.affine, affine, atlas)
    return judge(measures)


def entries(run: Run) -> list[tuple[str, Quality]]:
    """sid and quality of every subject of the cohort, worst first: by verdict, number of reasons, overlap, sid.

    Subjects that stage 02 has not reached yet have the verdict ``not done`` and come before all others.
    """
    found = []
    for sid in read_subjects(run)["sid"]:
        path = run.anatomy(sid) / "quality.json"
        found.append((sid, Quality.load(path) if path.exists() else Quality("not done")))
    return sorted(found, key=_badness)


def _badness(entry: tuple[str, Quality]) -> tuple:
    sid, quality = entry
    rank = VERDICTS.index(quality.verdict) if quality.verdict in VERDICTS else -1
    return rank, -len(quality.reasons), quality.measures.get("dice", NONE), sid


def table(run: Run) -> pd.DataFrame:
    """One row per subject of the cohort, in the order of `entries`: ``sid, verdict, reasons`` and every measure."""
    rows = []
    for sid, quality in entries(run):
        measures = {name: value for name, value in quality.measures.items() if name != "error"}
        rows.append({"sid": sid, "verdict": quality.verdict, "reasons": "; ".join(quality.reasons), **measures})
    return pd.DataFrame(rows)
