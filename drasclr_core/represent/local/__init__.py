"""Patches one by one: what each holds, which look alike to an encoder, and features on one plane of the atlas."""

from drasclr_core.represent.local.lesions import PointMeasures, clicked_point, cosine_similarity, point_measures
from drasclr_core.represent.local.measures import LocalMeasures, local_measures
from drasclr_core.represent.local.neighbours import centred_by_place, nearest_anywhere, nearest_at_landmark, unit_length
from drasclr_core.represent.local.plane import AtlasPlane, atlas_plane, cut_at, plane_features
from drasclr_core.represent.local.queries import Query, draw_queries, draw_subjects, query_rule
from drasclr_core.represent.local.sources import HISTOGRAM, PATCH_LAA, patch_sources

__all__ = [
    "HISTOGRAM",
    "PATCH_LAA",
    "AtlasPlane",
    "LocalMeasures",
    "PointMeasures",
    "Query",
    "atlas_plane",
    "centred_by_place",
    "clicked_point",
    "cosine_similarity",
    "cut_at",
    "draw_queries",
    "draw_subjects",
    "local_measures",
    "nearest_anywhere",
    "nearest_at_landmark",
    "patch_sources",
    "plane_features",
    "point_measures",
    "query_rule",
    "unit_length",
]
