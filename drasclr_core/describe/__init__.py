"""One scan through a trained run: lungs, features, emphysema maps, its place among the cohort, and a report.

The command is ``python -m drasclr_core.describe scan.nii.gz --run demo``.
"""

from drasclr_core.describe.description import Description
from drasclr_core.describe.example import example_subject
from drasclr_core.describe.figures import cohort_figure, density_figure, slices_figure
from drasclr_core.describe.report import section, view_3d
from drasclr_core.describe.scan import describe_scan
from drasclr_core.describe.scan_folder import OneScan
from drasclr_core.describe.subtype_maps import read_masks

__all__ = [
    "Description",
    "OneScan",
    "cohort_figure",
    "density_figure",
    "describe_scan",
    "example_subject",
    "read_masks",
    "section",
    "slices_figure",
    "view_3d",
]
