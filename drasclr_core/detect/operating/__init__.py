"""The operating point of a detector: from which probability on a voxel is called ill, found in healthy lungs."""

from drasclr_core.detect.operating.healthy import find_operating_points
from drasclr_core.detect.operating.point import HEALTHY_SHARE, operating_point
from drasclr_core.detect.operating.worth import operating_worth

__all__ = ["HEALTHY_SHARE", "find_operating_points", "operating_point", "operating_worth"]
