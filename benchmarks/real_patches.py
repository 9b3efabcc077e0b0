"""Measures the patches of real scans that page 08 compares the phantoms with, and writes book/_data/real_patches.csv.

    .venv/bin/python benchmarks/real_patches.py FOLDER

FOLDER holds the public scans named below (none is part of the project). Only numbers that say nothing of a person are
written: ten descriptors for each of 100 random patches of healthy-looking lung.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from drasclr_core.anatomy.lungs import segment_lungs
from drasclr_core.cohort.phantom.realism import patch_descriptors
from drasclr_core.files import write_csv
from drasclr_core.imaging import load_volume
from drasclr_core.run import project_root

SPACING, PATCHES = 2.0, 100
SCANS = {
    "RICORD_1A_001012.nii.gz": ("COVID-19, 1.5 mm voxels", "MIDRC-RICORD-1A", "CC BY-NC 4.0"),
    "LungDx_A0001_kernelB.nii.gz": ("adenocarcinoma, 5 mm slices", "Lung-PET-CT-Dx", "CC BY 4.0"),
    "LungDx_A0002_dicom": ("lower-lobe mass, 8 mm slices", "Lung-PET-CT-Dx", "CC BY 4.0"),
    "LIDC_0001_partial.nii.gz": ("nodule, 2.5 mm slices, bases cut off", "LIDC-IDRI", "CC BY 3.0"),
}


def main() -> None:
    parts = []
    for file, (scan, collection, licence) in SCANS.items():
        volume = load_volume(Path(sys.argv[1]) / file, SPACING)
        table = patch_descriptors(volume, segment_lungs(volume), PATCHES).round(3)
        parts.append(table.assign(scan=scan, collection=collection, licence=licence))
    write_csv(project_root() / "book" / "_data" / "real_patches.csv", pd.concat(parts))


if __name__ == "__main__":
    main()
