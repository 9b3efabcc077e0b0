"""The run folder: where every stage reads and writes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from drasclr_core.names import nearest_of

SHIPPED = "shown"
"""The run whose results, features and weights are part of this project (see `drasclr_core.workflow.ship`)."""


def project_root(start: str | Path = ".") -> Path:
    """Returns the nearest folder at or above `start` with ``_config.yml``, so that notebooks work from any folder."""
    start = Path(start).resolve()
    for folder in (start, *start.parents):
        if (folder / "_config.yml").exists():
            return folder
    return start


class Run:
    """Paths of one run (``runs/<name>``), of one cohort in it, and of one of the cohort's atlases.

    Parameters
    ----------
    name : str
        Name of the run, or a path to a run folder anywhere (anything that contains a path separator). A relative path
        starts at the working folder of now; the run keeps it as an absolute one.
    cohort : str
        Name of the cohort inside the run, ``copd`` or ``covid`` in the presets.
    variant : str
        Name of another atlas of the cohort: its `atlas`, every `alignment` with it, and the `patches` lie beside those
        of the main atlas, which is meant by an empty text.

    Raises
    ------
    ValueError
        The variant is not letters, digits and _.
    """

    def __init__(self, name: str, cohort: str = "copd", variant: str = ""):
        is_path = os.sep in str(name)
        self.folder = Path(os.path.abspath(name)) if is_path else project_root() / "runs" / str(name)
        self.name = self.folder.name
        self.cohort_name = str(cohort)
        if variant and not re.fullmatch(r"\w+", str(variant)):
            raise ValueError(f"The name of an atlas is letters, digits and _, not {variant!r}.")
        self.variant = str(variant)
        self._suffix = f"-{variant}" if variant else ""

    @property
    def cohort(self) -> Path:
        return self.folder / self.cohort_name

    @property
    def subjects(self) -> Path:
        return self.cohort / "cohort" / "subjects.parquet"

    @property
    def images(self) -> Path:
        return self.cohort / "cohort" / "images"

    @property
    def truth(self) -> Path:
        return self.cohort / "cohort" / "truth"

    def anatomy(self, sid: str) -> Path:
        return self.anatomy_folder / sid

    @property
    def atlas(self) -> Path:
        return self.cohort / f"atlas{self._suffix}"

    def alignment(self, sid: str) -> Path:
        """A subject's alignment with the atlas: transform, landmarks and quality with it."""
        return alignment_folder(self.anatomy(sid), self.variant)

    @property
    def registration(self) -> Path:
        """The table of the cohort's alignments."""
        return self.results / f"registration_{self.cohort_name}{self._suffix}.csv"

    @property
    def patches(self) -> Path:
        return self.cohort / f"patches{self._suffix}.zarr"

    def pretrain(self, method: str = "drasclr") -> Path:
        return self.cohort / "pretrain" / method

    def features(self, method: str = "drasclr") -> Path:
        return self.cohort / "features" / method

    @property
    def anatomy_folder(self) -> Path:
        return self.cohort / "anatomy"

    @property
    def gallery(self) -> Path:
        return self.cohort / f"quality{self._suffix}" / "index.html"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    @property
    def boxes(self) -> Path:
        """The annotator's boxes, a CSV file."""
        return self.cohort / "cohort" / "boxes.csv"

    @property
    def box_patches(self) -> Path:
        return self.cohort / "boxes"

    @property
    def efficiency(self) -> Path:
        return self.cohort / "efficiency"

    def detectors(self, method: str) -> Path:
        return self.cohort / "detectors" / method

    def detector(self, method: str, subtype: str, fold: int) -> Path:
        return self.detectors(method) / f"{subtype}-{fold}"

    def maps(self, method: str) -> Path:
        return self.cohort / "maps" / method

    def map_file(self, method: str, sid: str, subtype: str, mask: bool = False) -> Path:
        """The probability map of one subject and subtype, or its mask."""
        return self.maps(method) / f"{sid}-{subtype}{'-mask' if mask else ''}.nii.gz"

    def __repr__(self) -> str:
        return f"Run({self.name!r}, cohort={self.cohort_name!r}, variant={self.variant!r})"


def alignment_folder(anatomy: Path, variant: str) -> Path:
    """Returns the folder of the alignment with a variant of the atlas, of the subject with this folder of anatomy."""
    return anatomy / f"atlas-{variant}" if variant else anatomy


def check_started(run: Run, cohort: bool = False) -> Run:
    """Returns the run; FileNotFoundError with the nearest name where there is no such run, or `cohort` in it."""
    for folder, what in ((run.folder, "run"), (run.cohort, "cohort"))[: 1 + cohort]:
        if not folder.is_dir():
            names = sorted(path.name for path in folder.parent.glob("[!.]*/"))
            near = nearest_of(folder.name, names)
            raise FileNotFoundError(f"No {what} {folder.name!r} in {folder.parent.name}/: {near}")
    return run
