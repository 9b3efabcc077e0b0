"""Embedded data of the second paper's tasks, made of phantoms: hearts with contrast agent, and lung nodules.

`heart` writes files as MM-WHS has them; `nodules` keeps cubes of `candidates`, of which most are vessels.
"""

from drasclr_core.cohort.images.embedded.candidates import blobs, cubes_at, true_nodules
from drasclr_core.cohort.images.embedded.heart import angiography, heart_labels, make_heart_cohort
from drasclr_core.cohort.images.embedded.nodules import NoduleCohort, make_nodule_cohort, read_nodule_cohort

__all__ = ["NoduleCohort", "angiography", "blobs", "cubes_at", "heart_labels", "make_heart_cohort",
           "make_nodule_cohort", "read_nodule_cohort", "true_nodules"]  # fmt: skip
