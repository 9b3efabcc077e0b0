"""Who is scanned: subject tables of simulated cohorts, of COPDGene, of MosMed, and of scans of one's own.

`manifest`, `copdgene` and `mosmed` make a subject table, `subjects` checks, writes and reads it; `phantom` simulates
subjects.
"""

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.copdgene import read_copdgene
from drasclr_core.cohort.manifest import read_manifest
from drasclr_core.cohort.subjects import image_path, read_subjects, shard_of, write_subjects

__all__ = ["SUBTYPES", "image_path", "read_copdgene", "read_manifest", "read_subjects", "shard_of", "write_subjects"]
