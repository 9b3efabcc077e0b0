"""Right and left lung in a scan, by thresholds and shape or by a trained network."""

from drasclr_core.anatomy.lungs.bronchi import bronchial_lumen, without_bronchi
from drasclr_core.anatomy.lungs.low_attenuation import low_attenuation_mask
from drasclr_core.anatomy.lungs.lungmask import LungmaskError, segment_lungs_lungmask
from drasclr_core.anatomy.lungs.segmentation import LUNG_BELOW, segment_lungs
from drasclr_core.anatomy.lungs.sides import LEFT, RIGHT, NoLungsError

__all__ = ["LEFT", "LUNG_BELOW", "RIGHT", "LungmaskError", "NoLungsError", "bronchial_lumen", "low_attenuation_mask",
           "segment_lungs", "segment_lungs_lungmask", "without_bronchi"]  # fmt: skip
