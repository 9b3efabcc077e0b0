"""Who is scanned: subject tables of simulated cohorts, of COPDGene, of MosMed, and of scans of one's own.

`manifest`, `copdgene` and `mosmed` make a subject table, `subjects` checks, writes and reads it; `phantom` simulates
subjects.
"""

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.copdgene import read_copdgene
from drasclr_core.cohort.manifest import read_manifest
from drasclr_core.cohort.stages import PRISM, stage_name, stratified_sample, typical_per_stage
from drasclr_core.cohort.subjects import image_path, read_subjects, shard_of, write_given
from drasclr_core.cohort.summary import group_means

__all__ = ["PRISM", "SUBTYPES", "group_means", "image_path", "read_copdgene", "read_manifest", "read_subjects",
           "shard_of", "stage_name", "stratified_sample", "typical_per_stage", "write_given"]  # fmt: skip
