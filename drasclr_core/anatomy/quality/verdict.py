"""The verdict on one scan's anatomy, with reasons in words.

A verdict depends on the stored measures alone (`judge`), so that alignment can add its measures later and a change of a
limit needs no new computation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.quality.limits import LIMITS
from drasclr_core.anatomy.quality.measures import measure_alignment, measure_lungs
from drasclr_core.cohort.sids import told_by_sid
from drasclr_core.files import read_json, write_json
from drasclr_core.imaging.volume import Volume

VERDICTS = ("refused", "review", "ok")
"""Worst first. Refused scans are not used by later stages; scans to review are used, and shown to a person."""
OF_ALIGNMENT = ("dice", "dice_right", "dice_left", "determinant", "shear", "landmarks_inside", "patches_padded")
"""The measures that depend on the atlas."""


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
        """Writes JSON."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: str | Path) -> Quality:
        """Reads what `save` wrote."""
        return cls(**read_json(path))

    def before_alignment(self) -> Quality:
        """The verdict on the scan and its lungs alone."""
        return judge({name: value for name, value in self.measures.items() if name not in OF_ALIGNMENT})


def judge(measures: dict) -> Quality:
    """Returns verdict and reasons for measures (see `LIMITS`); what was not measured is not judged."""
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


def named_by_sid(quality: Quality, sid: str, image: str | Path) -> Quality:
    """Returns a verdict whose message begins with the sid in place of the name of the image's file (`told_by_sid`)."""
    error = quality.measures.get("error", "")
    told = told_by_sid(error, sid, image)
    return quality if told == error else judge({**quality.measures, "error": told})


def assess(
    volume: Volume, lungs: np.ndarray, to_atlas: AtlasAffine | None = None, atlas: Atlas | None = None
) -> Quality:
    """Judges a scan by its lungs, uint8 [x, y, z] (1 right, 2 left), and, where it is aligned, by its alignment."""
    measures = measure_lungs(volume, lungs)
    if to_atlas is not None and atlas is not None:
        measures |= measure_alignment(lungs, volume.affine, to_atlas, atlas)
    return judge(measures)
