"""One chest CT through a trained run: ``python -m drasclr_core.describe scan.nii.gz``, by the shipped weights."""

from __future__ import annotations

import argparse
import sys

from drasclr_core.describe.scan import describe_scan
from drasclr_core.run import SHIPPED, Run


def main() -> None:
    parser = argparse.ArgumentParser("python -m drasclr_core.describe", description=__doc__)
    parser.add_argument("image", help="NIfTI, NRRD or MetaImage file, or a folder with a DICOM series")
    parser.add_argument(
        "--run", default=SHIPPED, help=f"name of a trained run (a folder under runs/), or a path; by default {SHIPPED}"
    )
    parser.add_argument("--cohort", default="copd")
    parser.add_argument("--out", help="folder for everything; by default your_ct/<name> in the run's cohort")
    parser.add_argument("--name", help="how the scan is called; by default a code made from its content")
    arguments = parser.parse_args()
    try:
        run = Run(arguments.run, arguments.cohort)
        found = describe_scan(arguments.image, run, arguments.out, arguments.name)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(f"{found.name}: {found.quality.verdict}", *found.quality.reasons, sep="\n  ")
    print(f"Report: {found.report}")


if __name__ == "__main__":
    main()
