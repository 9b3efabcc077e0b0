"""Where things are in a scan: the two lungs, the way to the atlas and its landmarks, and the patches; with a verdict.

`find_lungs`, `align` and `cut_patches` take one subject from a scan to patches, `stages` does so for a cohort; `lungs`,
`atlas` and `quality` hold what they consist of.
"""

from drasclr_core.anatomy.aligned_scan import AlignedScan, read_aligned_scan
from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.anatomy.overlays import landmark_overlay, layer_overlay, lung_overlay
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.stages import align_cohort, cut_cohort, segment_cohort

__all__ = ["AlignedScan", "Atlas", "AtlasAffine", "PatchStore", "align_cohort", "cut_cohort", "extract_patches",
           "landmark_overlay", "layer_overlay", "lung_overlay", "read_aligned_scan", "segment_cohort"]  # fmt: skip
