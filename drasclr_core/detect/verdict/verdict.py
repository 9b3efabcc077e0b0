"""Whether the detectors of a subtype may draw: where held-out boxes and healthy lungs show that they see disease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.detect.detector.detector import trained_subtypes
from drasclr_core.evaluate.result_files import PAPER_DETECTOR
from drasclr_core.evaluate.statistics.intervals import paired_difference
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.files import read_json, write_json
from drasclr_core.run import Run

MARGIN = 0.1
"""By so much average precision a detector must clearly be above what sees no image, or it draws nothing."""
MOST_HEALTHY = 0.05
"""A detector must clearly call no more than this of healthy lungs ill, or it draws nothing."""
BLIND = ("chance", "location")
"""Rows that see no image: everything positive, whose average precision is the share of annotated boxes, and the place
alone. The better of the two is the chance that counts."""
FILE = "verdict.json"


@dataclass(frozen=True)
class Verdict:
    """How far the detectors of a subtype are above chance, and what they mark in healthy lungs; of unseen subjects.

    Attributes
    ----------
    value, chance : float
        Average precision of the detector, and of the better one of `BLIND`.
    gain, low, high : float
        Their difference and its 95 % interval, a paired bootstrap over subjects; NaN where they cannot be known.
    margin : float
        What the lower end must reach.
    healthy, healthy_low, healthy_high : float
        Which share of healthy lungs is called ill at the operating point, and its 95 % interval (`operating_worth`);
        NaN where no healthy lung was asked.
    most_healthy : float
        What the upper end must not pass.
    found : float
        Which share of the annotated boxes has a middle that is called ill there.
    """

    subtype: str
    value: float
    chance: float
    gain: float
    low: float
    high: float
    margin: float = MARGIN
    healthy: float = float("nan")
    healthy_low: float = float("nan")
    healthy_high: float = float("nan")
    most_healthy: float = MOST_HEALTHY
    found: float = float("nan")

    @property
    def drawn(self) -> bool:
        """Whether its maps may be drawn as disease: both intervals lie where they must."""
        return self.low >= self.margin and self.healthy_high <= self.most_healthy  # not where either is NaN

    def sentence(self) -> str:
        """Returns three sentences with the numbers, for a page."""
        interval = f"95 % interval {self.low:+.2f} to {self.high:+.2f}"
        found = (f"average precision {self.value:.2f} on boxes of unseen subjects, and what sees no image has "
                 f"{self.chance:.2f} (difference {self.gain:+.2f}, {interval})")  # fmt: skip
        drawn = "is drawn" if self.drawn else "is not drawn and no share of it is given"
        rule = f"the interval has to begin at {self.margin:+.2f} or above"
        return f"{self.subtype.capitalize()} emphysema {drawn}. Its detectors have {found}; {rule}. {self.worth()}"

    def worth(self) -> str:
        """Returns a sentence on what the operating point finds, what it misses, and what it marks in healthy lungs."""
        if np.isnan(self.healthy):
            return "What they call ill in healthy lungs was not measured: run notebook 20_emphysema again."
        interval = f"95 % interval {100 * self.healthy_low:.1f} to {100 * self.healthy_high:.1f} %"
        found = round(100 * self.found)
        return (f"At their operating point they find {found} % of the annotated boxes of unseen subjects, by the "
                f"middle of the box, and miss {100 - found} %; of healthy lungs they call {100 * self.healthy:.1f} % "
                f"ill ({interval}; it must not pass {100 * self.most_healthy:.0f} %).")  # fmt: skip


def judge_detector(draws: pd.DataFrame, method: str, subtype: str, worth: pd.DataFrame, margin: float = MARGIN,
                   most_healthy: float = MOST_HEALTHY) -> Verdict:  # fmt: skip
    """Judges the detectors of one subtype by held-out predictions, and by what they mark in held-out healthy lungs.

    Parameters
    ----------
    draws : DataFrame
        From `average_precision_draws`, with `method` and at least ``chance``.
    worth : DataFrame
        From `operating_worth`; without a row of the method and subtype, their maps are not drawn.
    margin, most_healthy : float
        See `MARGIN` and `MOST_HEALTHY`.
    """
    here = draws[draws["task"] == subtype.capitalize()]
    wide = here.pivot(index="draw", columns="method", values="value")
    blind = max((name for name in BLIND if name in wide), key=lambda name: wide[name][SAMPLE])
    value, chance = float(wide[method][SAMPLE]), float(wide[blind][SAMPLE])
    found = paired_difference(wide[method], wide[blind], str(here["metric"].iloc[0]))
    ends = (value - chance, float("nan"), float("nan")) if found is None else found[:3]
    own = worth[worth["method"].eq(method) & worth["task"].eq(subtype.capitalize())]
    names = ["healthy", "healthy_low", "healthy_high", "found"]
    known = {} if own.empty else own.iloc[0][names].astype(float).to_dict()
    return Verdict(subtype, value, chance, *ends, margin, most_healthy=most_healthy, **known)


def write_verdicts(run: Run, method: str, verdicts: Sequence[Verdict]) -> None:
    """Keeps the verdicts on the detectors of a method beside them."""
    write_json(run.detectors(method) / FILE, {one.subtype: asdict(one) for one in verdicts})


def drawn_subtypes(run: Run, method: str) -> tuple[list[str], dict[str, str]]:
    """Returns the subtypes whose detectors are there and may draw, and a sentence for each that was trained or judged.

    Detectors without a verdict do not draw, nor a verdict whose detectors did not travel with the run.
    """
    trained, drawn, said = trained_subtypes(run, method), [], {}
    known = read_verdicts(run, method)
    for subtype in [one for one in SUBTYPES if one in trained or one in known]:
        if subtype not in known:
            said[subtype] = (f"{subtype.capitalize()} emphysema is not drawn: its detectors were not judged. Run "
                             "notebook 20_emphysema to its end.")  # fmt: skip
            continue
        said[subtype] = known[subtype].sentence()
        drawn += [subtype] if known[subtype].drawn and subtype in trained else []
    return drawn, said


def read_verdicts(run: Run, method: str) -> dict[str, Verdict]:
    """Returns the verdicts that `write_verdicts` kept on the detectors of a method, by subtype; empty without any."""
    return {subtype: Verdict(**one) for subtype, one in read_json(run.detectors(method) / FILE).items()}


def drawing_method(run: Run, first: str = PAPER_DETECTOR) -> str:
    """Returns whose detectors draw for a run where nobody names a method.

    That is `first` where it may draw at least one subtype, or where nobody may; else the method that may draw the most
    subtypes, and of several the one whose gains are surest (the sum of their lower ends).
    """
    if drawn_subtypes(run, first)[0]:
        return first
    sure = {}
    for path in sorted(run.detectors("").glob(f"*/{FILE}")):
        drawn, _ = drawn_subtypes(run, path.parent.name)
        if drawn:
            known = read_verdicts(run, path.parent.name)
            sure[path.parent.name] = (len(drawn), sum(known[subtype].low for subtype in drawn))
    return max(sure, key=sure.get) if sure else first
