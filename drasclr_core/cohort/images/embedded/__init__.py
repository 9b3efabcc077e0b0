"""Embedded data of the second paper's tasks, simulated: hearts with contrast agent, lung nodules, brains with tumours.

`heart` writes files as MM-WHS has them, `brain` as BraTS 2018 (a `brain_tumour` in the `brain_template`);
`nodules` keeps cubes of `candidates`, of which most are vessels; `made` says which subjects a folder is about.
"""

from drasclr_core.cohort.images.embedded.brain import make_brain_cohort
from drasclr_core.cohort.images.embedded.brain_picture import brain_with_tumour
from drasclr_core.cohort.images.embedded.brain_template import load_template
from drasclr_core.cohort.images.embedded.candidates import blobs, cubes_at, true_nodules
from drasclr_core.cohort.images.embedded.heart import angiography, heart_labels, make_heart_cohort
from drasclr_core.cohort.images.embedded.nodules import NoduleCohort, make_nodule_cohort, read_nodule_cohort

__all__ = ["NoduleCohort", "angiography", "blobs", "brain_with_tumour", "cubes_at", "heart_labels", "load_template",
           "make_brain_cohort", "make_heart_cohort", "make_nodule_cohort", "read_nodule_cohort",
           "true_nodules"]  # fmt: skip
