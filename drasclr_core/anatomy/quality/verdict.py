"""Quality of one scan's anatomy: what was measured, which limits it passes, and a verdict with reasons.

A verdict depends on the stored measures alone (`judge`), so that alignment can add its measures later and a change of a
limit needs no new computation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.quality.measures import measure_alignment, measure_lungs
from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.imaging.volume import Volume
from drasclr_core.run import Run, read_json, write_json

VERDICTS = ("refused", "review", "ok")
"""Worst first. Refused scans are not used by later stages; scans to review are used, and shown to a person."""
NONE = float("inf")
NUMBER = re.compile(r"\{:[^}]*\}")
"""The place of a number in a reason."""


@dataclass(frozen=True)
class Limit:
    """The ranges of one measure: inside `good` it is fine, inside `usable` to be reviewed, outside refused.

    `reason` is what a quality table says, `basis` where the ranges come from.
    """

    measure: str
    good: tuple[float, float]
    usable: tuple[float, float]
    reason: str
    basis: str


ANY = (-NONE, NONE)
PAIRS = "ten pairs of real lungs, well aligned, in a trial that is not kept"
CHESTS = "40 phantoms and 4 real scans"
LIMITS = (
    Limit("volume_l", (2.0, 10.0), (0.8, 14.0), "lungs hold {:.1f} l",
          "adults at inspiration have about 2.5 to 9 l, at expiration about half"),
    Limit("left_to_right", (0.6, 1.3), (0.15, 6.5), "left lung is {:.2f} times the right one",
          "the left lung holds about 45 %; disease and surgery of one side shift it"),
    Limit("top_cut_cm2", (0.0, 3.0), (0.0, NONE), "apices cut: {:.0f} cm² of lung on the highest slice",
          "a whole lung ends in a tip"),
    Limit("bottom_cut_cm2", (0.0, 3.0), (0.0, NONE), "bases cut: {:.0f} cm² of lung on the lowest slice",
          "a whole lung ends in a thin edge"),
    Limit("mean_hu", (-930.0, -600.0), (-1000.0, -350.0), "lungs have {:.0f} HU on average",
          "from severe emphysema to severe consolidation"),
    Limit("air_hu", (-1060.0, -940.0), ANY, "air has {:.0f} HU instead of -1000: values shifted or scaled?",
          f"-1000 by definition; {CHESTS}: -1023 to -990; a shift of 60 HU is noticed"),
    Limit("tissue_hu", (10.0, 75.0), ANY, "muscle and organs have {:.0f} HU instead of 40: values shifted?",
          f"{CHESTS}: 30 to 55; a shift of 60 HU is noticed"),
    Limit("slice_mm", (0.0, 5.0), (0.0, 12.5), "slices of {:.1f} mm",
          "the paper has 0.6 to 1.25 mm; a patch of 32 mm needs at least a few slices"),
    Limit("body_across", (0.0, 2.0), (0.0, NONE), "the body leaves the scan at its sides ({:.1f} times as much as at "
          "head and foot): is the orientation right?",
          "a chest fills a third to two thirds of the first and last slice and hardly reaches the other sides"),
    Limit("right_left", (-0.25, NONE), ANY, "heart and liver lie on the wrong sides: is the scan mirrored?",
          f"{CHESTS}: 0.1 to 6; mirrored: the same, negative"),
    Limit("front_back", (-0.2, NONE), ANY, "the spine lies in front: are front and back exchanged?",
          f"{CHESTS}: 0.26 to 0.9; turned: the same, negative"),
    Limit("head_foot", (-0.3, NONE), ANY, "the windpipe lies below: is the scan upside down?",
          f"{CHESTS}: 0.76 to 1; turned: the same, negative"),
    Limit("gap_mm", (0.0, 0.0), (0.0, NONE), "slices missing or at uneven steps: a gap of {:.3g} mm was interpolated",
          "interpolation blurs a nodule; from 10 mm on the reader refuses the series"),
    Limit("dice", (0.75, NONE), (0.60, NONE), "warped lungs overlap the atlas by only {:.2f} (Dice)",
          f"{PAIRS}: 0.77 to 0.90; 40 mm off: 0.41 to 0.65"),
    Limit("dice_right", (0.65, NONE), (0.40, NONE), "right lung overlaps the atlas' right one by only {:.2f} (Dice)",
          "nine of these pairs: 0.72 to 0.93; sides swapped: 0"),
    Limit("dice_left", (0.65, NONE), (0.40, NONE), "left lung overlaps the atlas' left one by only {:.2f} (Dice)",
          "nine of these pairs: 0.78 to 0.89; sides swapped: 0"),
    Limit("determinant", (0.30, 3.3), (0.10, 10.0), "volume changes {:.2f} times on the way to the atlas",
          "100 real affines to COPDGene's reference, inspiration and expiration: 0.39 to 2.13"),
    Limit("shear", (0.0, 0.35), (0.0, 0.80), "shear of {:.2f}", "the same affines: up to 0.28"),
    Limit("landmarks_inside", (0.65, NONE), (0.50, NONE), "only {:.0%} of the lungs' landmarks lie in the lungs",
          f"{PAIRS}: 0.69 to 0.91"),
)  # fmt: skip
"""Every limit; the reasons in a quality table are made from these lines."""


@dataclass(frozen=True)
class Quality:
    """The verdict on one scan.

    Attributes
    ----------
    verdict : str
        ``ok``, ``review`` or ``refused``.
    reasons : list of str
        What is wrong, worst first, and what the reader chose to read where there was a choice.
    measures : dict
        Numbers the verdict is made from (see `LIMITS`), and, as text, ``error`` where the scan could not be
        processed and ``note`` of the reader.
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
    notes = [measures["note"]] if "note" in measures else []
    return Quality(verdict, refused + review + notes, measures)


def assess(volume: Volume, lungs: np.ndarray, affine: AtlasAffine | None = None, atlas: Atlas | None = None) -> Quality:
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


def limits_table() -> pd.DataFrame:
    """`LIMITS` for a reader: ``measure, ok, refused, reason, basis``; ``n`` stands for the number."""
    rows = []
    for limit in LIMITS:
        reason = NUMBER.sub("n", limit.reason)
        rows.append({"measure": limit.measure, "ok": _between(*limit.good), "refused": _outside(*limit.usable),
                     "reason": reason, "basis": limit.basis})  # fmt: skip
    return pd.DataFrame(rows)


def _between(low: float, high: float) -> str:
    if high == NONE:
        return f"{low:g} or more"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _outside(low: float, high: float) -> str:
    """What is refused, in words; what starts at 0 cannot be below."""
    below = [f"below {low:g}"] if low > -NONE and low != 0 else []
    return " or ".join(below + ([f"above {high:g}"] if high < NONE else [])) or "never"


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
        measures = {name: value for name, value in quality.measures.items() if name not in ("error", "note")}
        rows.append({"sid": sid, "verdict": quality.verdict, "reasons": "; ".join(quality.reasons), **measures})
    return pd.DataFrame(rows)
