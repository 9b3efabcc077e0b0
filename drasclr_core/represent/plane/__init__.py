"""Features on one coronal plane of the atlas, the same in all subjects, and what resembles a point of it."""

from drasclr_core.represent.plane.lesions import PointMeasures, clicked_point, cosine_similarity, point_measures
from drasclr_core.represent.plane.plane import AtlasPlane, atlas_plane, cut_at, plane_features

__all__ = ["AtlasPlane", "PointMeasures", "atlas_plane", "clicked_point", "cosine_similarity", "cut_at",
           "plane_features", "point_measures"]  # fmt: skip
