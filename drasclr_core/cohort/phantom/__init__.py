"""Simulated chest CT with a known truth, and all that is made of it: clinical labels, boxes, whole cohorts.

`traits` draws who is simulated and how ill, `simulate` the scan and its truth, `clinical` (with `spirometry`, `scores`
and `survival`) the labels, `cohort` a run's cohort; `agreement`, `densities` and `views` compare with other scans.
"""

from drasclr_core.cohort.phantom.agreement import phantom_agreement
from drasclr_core.cohort.phantom.cohort import make_cohort
from drasclr_core.cohort.phantom.densities import density_table, summary
from drasclr_core.cohort.phantom.simulate import Phantom, simulate
from drasclr_core.cohort.phantom.traits import draw_traits
from drasclr_core.cohort.phantom.truth import load_truth, save_truth
from drasclr_core.cohort.phantom.views import side_by_side

__all__ = ["Phantom", "density_table", "draw_traits", "load_truth", "make_cohort", "phantom_agreement", "save_truth",
           "side_by_side", "simulate", "summary"]  # fmt: skip
