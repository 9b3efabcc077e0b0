"""Emphysema at every voxel of whole lungs (Figure 3), its share of the lungs (Figure 4), and a phantom's truth."""

from drasclr_core.detect.maps.maps import map_subject
from drasclr_core.detect.maps.proportion import lattice_table, sample_subject
from drasclr_core.detect.maps.regions import regions_apart, subtype_places
from drasclr_core.detect.maps.truth import compare_masks, has_truth, true_masks, true_shares

__all__ = ["compare_masks", "has_truth", "lattice_table", "map_subject", "regions_apart", "sample_subject",
           "subtype_places", "true_masks", "true_shares"]  # fmt: skip
