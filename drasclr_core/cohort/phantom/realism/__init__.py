"""How phantoms compare with people: published values, real scans, found lungs against true ones."""

from drasclr_core.cohort.phantom.realism.acceptance import acceptance_table
from drasclr_core.cohort.phantom.realism.agreement import phantom_agreement
from drasclr_core.cohort.phantom.realism.cohort_measures import measured_cohort
from drasclr_core.cohort.phantom.realism.densities import density_table, summary
from drasclr_core.cohort.phantom.realism.likeness import (
    cohort_patches,
    oddness,
    patch_descriptors,
    two_sample_auc,
)
from drasclr_core.cohort.phantom.realism.place import cohort_alike, place_matters
from drasclr_core.cohort.phantom.realism.views import side_by_side

__all__ = [
    "acceptance_table",
    "cohort_alike",
    "cohort_patches",
    "density_table",
    "measured_cohort",
    "oddness",
    "patch_descriptors",
    "phantom_agreement",
    "place_matters",
    "side_by_side",
    "summary",
    "two_sample_auc",
]
