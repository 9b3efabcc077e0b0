"""2D images: folders of them, slices and simulated radiographs of a cohort's scans, and a stream that holds them all.

`folder` and `grey` read what people have, `slices` and `projections` make images of scans, `findings` says which are
abnormal; `from_cohort` and `from_folder` keep them as streams (`stream`). `datasets` reads public data sets, `embedded`
makes data of the second paper's tasks.
"""

from drasclr_core.cohort.images.findings import Degrees
from drasclr_core.cohort.images.folder import read_image_folder
from drasclr_core.cohort.images.from_cohort import keep_radiographs, keep_slices, stream_folder
from drasclr_core.cohort.images.from_folder import keep_folder
from drasclr_core.cohort.images.grey import read_grey
from drasclr_core.cohort.images.projections import pictures
from drasclr_core.cohort.images.squares import to_square
from drasclr_core.cohort.images.stream import ImageStream, joined, read_stream

__all__ = ["Degrees", "ImageStream", "joined", "keep_folder", "keep_radiographs", "keep_slices",
           "pictures", "read_grey", "read_image_folder", "read_stream", "stream_folder", "to_square"]  # fmt: skip
