"""Who is scanned: subject table, labels and boxes of COPDGene, MosMed or scans of one's own; phantoms in their room."""

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.copdgene import PATTERN, read_copdgene
from drasclr_core.cohort.manifest import read_manifest
from drasclr_core.cohort.stages import PRISM, stage_name, stratified_sample, typical_per_stage
from drasclr_core.cohort.subjects import image_path, read_subjects, shard_of, write_subjects

__all__ = ["PATTERN", "PRISM", "SUBTYPES", "image_path", "read_copdgene", "read_manifest", "read_subjects", "shard_of",
           "stage_name", "stratified_sample", "typical_per_stage", "write_subjects"]  # fmt: skip
