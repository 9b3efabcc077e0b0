"""What features know of the body: measures of the scan, and size, weight and age of who is in it."""

from drasclr_core.evaluate.body.directions import density_answer, directions_table, effective_rank
from drasclr_core.evaluate.body.table import MEASURES, BodyTable, body_table, score_beside

__all__ = [
    "MEASURES",
    "BodyTable",
    "body_table",
    "density_answer",
    "directions_table",
    "effective_rank",
    "score_beside",
]
