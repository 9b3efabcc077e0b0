"""Patches one by one: what each holds, which look alike to an encoder, and one scan's features on a slice."""

from drasclr_core.represent.local.lesions import PointMeasures, apart_from, clicked_point, point_measures
from drasclr_core.represent.local.measures import LocalMeasures, local_measures
from drasclr_core.represent.local.neighbours import centred_by_place, nearest_anywhere, nearest_at_landmark, unit_length
from drasclr_core.represent.local.queries import Query, draw_queries, draw_subjects, query_rule
from drasclr_core.represent.local.similarity import PlaceMeans, cosine_similarity
from drasclr_core.represent.local.slices import SliceFeatures, slice_features
from drasclr_core.represent.local.sources import HISTOGRAM, PATCH_LAA, patch_sources

__all__ = [
    "HISTOGRAM",
    "PATCH_LAA",
    "LocalMeasures",
    "PlaceMeans",
    "PointMeasures",
    "Query",
    "SliceFeatures",
    "apart_from",
    "centred_by_place",
    "clicked_point",
    "cosine_similarity",
    "draw_queries",
    "draw_subjects",
    "local_measures",
    "nearest_anywhere",
    "nearest_at_landmark",
    "patch_sources",
    "point_measures",
    "query_rule",
    "slice_features",
    "unit_length",
]
