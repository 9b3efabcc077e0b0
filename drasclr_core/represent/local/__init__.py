"""Patches one by one: what each holds, and which look alike to an encoder."""

from drasclr_core.represent.local.location import location_basis
from drasclr_core.represent.local.measures import local_measures
from drasclr_core.represent.local.neighbours import centred_by_place, nearest_anywhere, nearest_at_landmark, unit_length
from drasclr_core.represent.local.queries import draw_queries, draw_subjects, query_rule
from drasclr_core.represent.local.sources import HISTOGRAM, PATCH_LAA, patch_sources

__all__ = ["HISTOGRAM", "PATCH_LAA", "centred_by_place", "draw_queries", "draw_subjects",
           "local_measures", "location_basis", "nearest_anywhere", "nearest_at_landmark", "patch_sources", "query_rule",
           "unit_length"]  # fmt: skip
