"""Public data sets of the second paper's tasks, each in the layout in which it is given out, one module for each.

`pairs` has the form of images with label maps (MM-WHS, BraTS 2018, LiTS, Medical Segmentation Decathlon); `luna16`,
`vindr_cxr` and `emphysema_database` have tables of their own.
"""

from drasclr_core.cohort.images.datasets.brats18 import read_brats18
from drasclr_core.cohort.images.datasets.emphysema_database import read_emphysema_database
from drasclr_core.cohort.images.datasets.emphysema_hu import read_patch, read_patches
from drasclr_core.cohort.images.datasets.lits import read_lits
from drasclr_core.cohort.images.datasets.luna16 import read_luna16
from drasclr_core.cohort.images.datasets.mmwhs import read_mmwhs
from drasclr_core.cohort.images.datasets.msd import read_msd
from drasclr_core.cohort.images.datasets.pairs import Case, Pair, PairSet
from drasclr_core.cohort.images.datasets.vindr_cxr import read_vindr_cxr

__all__ = ["Case", "Pair", "PairSet", "read_brats18", "read_emphysema_database", "read_lits", "read_luna16",
           "read_mmwhs", "read_msd", "read_patch", "read_patches", "read_vindr_cxr"]  # fmt: skip
