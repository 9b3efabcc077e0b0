"""A cohort's whole lungs, one cube a subject, with the interface of a store of patches at one landmark.

Whatever reads patches of a landmark (sampler, loop, probe, statistics) reads whole lungs by the same calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drasclr_core.anatomy.quality.overview import accepted_subjects
from drasclr_core.anatomy.volumes.cubes import cube_file, keep_cubes
from drasclr_core.anatomy.volumes.truth import class_file, keep_classes
from drasclr_core.files import read_json
from drasclr_core.pieces import fingerprint
from drasclr_core.run import Run


@dataclass(frozen=True)
class WholeLungs:
    """What stands for the atlas where a network sees all of the lungs: one location, the middle, and no neighbours.

    Attributes
    ----------
    edges_mm : float [3]
        Mean edges of the boxes round the lungs, in mm.
    subjects : int
        Scans of the cohort: of this one place there is one in each.
    """

    edges_mm: np.ndarray
    subjects: int

    @property
    def locations(self) -> np.ndarray:
        """float32 [1, 3]: the middle."""
        return np.zeros((1, 3), np.float32)

    @property
    def centres(self) -> np.ndarray:
        """float64 [1, 3]: the middle in mm."""
        return np.zeros((1, 3))

    @property
    def box(self) -> np.ndarray:
        """float64 [2, 3]: the mean box round the lungs, in mm from its middle."""
        return np.stack([-self.edges_mm / 2, self.edges_mm / 2])

    def neighbors(self, count: int = 0) -> np.ndarray:
        """Returns int64 [1, 0]; ValueError where any are asked for."""
        if count:
            raise ValueError(f"{count} neighbours asked of whole lungs, which are one place.")
        return np.empty((1, 0), np.int64)


class VolumeStore:
    """The lungs of each subject as a cube of HU: the box round them, stretched to `size` voxels along each axis.

    The boxes of two people differ in size and shape, so a voxel of a cube is of no one size, and how large somebody's
    lungs are does not show. `spacing` is the mean over subjects and axes; millimetres that the augmentation is given
    are meant as on the mean, and a rotation of a cube turns and slightly shears the body.

    Parameters
    ----------
    run : Run
    sids : sequence of str
        Subjects whose cubes there are.
    size : int
        Edge of a cube in voxels.
    edges_mm : float [N, 3]
        Of the box round each subject's lungs.
    """

    num_landmarks = 1
    in_memory = True

    def __init__(self, run: Run, sids: Sequence[str], size: int, edges_mm: np.ndarray):
        self.run, self.sids, self.size = run, list(sids), size
        self.edges_mm = np.asarray(edges_mm, dtype=float)

    @classmethod
    def of(cls, run: Run, size: int, workers: int = 0) -> VolumeStore:
        """Makes the cubes of all accepted subjects of a cohort, or finds them made (see `keep_cubes`).

        Raises
        ------
        ValueError
            No scan of the cohort is accepted.
        """
        subjects = accepted_subjects(run)
        if subjects.empty:
            raise ValueError(f"No scan of {run.cohort_name} is accepted yet: run notebooks 02 to 04.")
        return cls(run, subjects["sid"], size, keep_cubes(run, subjects, size, workers))

    @property
    def spacing(self) -> float:
        """Mean edge of a voxel in mm."""
        return float(self.edges_mm.mean().round(3)) / self.size

    @property
    def place(self) -> WholeLungs:
        """What stands for the atlas."""
        return WholeLungs(self.edges_mm.mean(axis=0), len(self.sids))

    def read(self, landmark: int, subjects: Sequence[str] | Sequence[int] | np.ndarray) -> np.ndarray:
        """Reads cubes, int16 [B, size, size, size], of subjects by sid or by position in `sids`; `landmark` is 0."""
        if landmark:
            raise IndexError(f"landmark {landmark} of 1")
        return np.stack([np.load(cube_file(self.run, sid, self.size)) for sid in self._named(subjects)])

    def read_subject(self, sid: str) -> np.ndarray:
        """Reads the cube of a subject, int16 [1, size, size, size]."""
        return self.read(0, [sid])

    def keep_classes(self, workers: int = 0) -> None:
        """Makes what `read_classes` reads (see `truth.keep_classes`, also for the errors)."""
        keep_classes(self.run, self.sids, self.size, workers)

    def read_classes(self, subjects: Sequence[str] | Sequence[int] | np.ndarray) -> np.ndarray:
        """Reads what `keep_classes` made, uint8 [B, size, size, size]: what each voxel is, of `truth.CLASSES`."""
        return np.stack([np.load(class_file(self.run, sid, self.size)) for sid in self._named(subjects)])

    def contents(self) -> str:
        """Changes with the cube of any subject."""
        files = [cube_file(self.run, sid, self.size) for sid in self.sids]
        marks = {file.stem: read_json(file.with_name(f".{file.stem}.json")).get("key") for file in files}
        return fingerprint(marks=marks)

    def _named(self, subjects: Sequence) -> list[str]:
        return [subject if isinstance(subject, str) else self.sids[int(subject)] for subject in subjects]
