"""Which scans to trust: measures of a scan, its lungs and its alignment, their limits, and a verdict with reasons."""

from drasclr_core.anatomy.quality.limits import LIMITS
from drasclr_core.anatomy.quality.measures import measure_alignment, measure_lungs
from drasclr_core.anatomy.quality.overview import (
    NoUsableScanError,
    accepted_subjects,
    quality_table,
    require_usable,
    worst_first,
)
from drasclr_core.anatomy.quality.verdict import VERDICTS, Quality, assess, judge

__all__ = [
    "LIMITS",
    "VERDICTS",
    "NoUsableScanError",
    "Quality",
    "accepted_subjects",
    "assess",
    "judge",
    "measure_alignment",
    "measure_lungs",
    "quality_table",
    "require_usable",
    "worst_first",
]
