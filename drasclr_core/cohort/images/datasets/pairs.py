"""Images with a label map, in one form for all data sets: files first, voxels when asked for, the refused aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from nibabel import orientations

from drasclr_core.cohort.images.refused import refused_table, sort_out
from drasclr_core.imaging.readers import read_image
from drasclr_core.imaging.refusal import refusal

SAME_MM = 0.5
"""Corners of an image and of its label map lie at the same place within this."""
AIR_HU = -500.0
"""CT of any part of the body has darker voxels; MR has none."""


class Pair(NamedTuple):
    """The files of one subject: `sid`, `images` (modality -> file), `label` (None where it is not given out), and the
    `group` that the data set puts the subject in ("" for none)."""

    sid: str
    images: dict[str, Path]
    label: Path | None
    group: str = ""


class Case(NamedTuple):
    """One subject's voxels: `images` float32 [modality, x, y, z] as stored (HU in CT), `label` uint8 [x, y, z] (class k
    is ``structures[k - 1]``, 0 is none of them; None without a label map), `affine` [4, 4] to RAS mm. Axes are RAS+."""

    images: np.ndarray
    label: np.ndarray | None
    affine: np.ndarray


@dataclass(frozen=True)
class PairSet:
    """A data set of images and label maps.

    Attributes
    ----------
    pairs : list of Pair
        In order of sid.
    structures : dict
        Value in the label maps -> name of the structure, in the order of the classes.
    modality : str
        "CT", "MR", or "" where a set has both or does not say.
    mistaken : dict
        Values that are known errors of the published files -> what they should be.
    refused : DataFrame
        ``name, message`` of subjects whose files are not complete.
    notes : list of str
        Sentences on what else was found.
    """

    pairs: list[Pair]
    structures: dict[int, str]
    modality: str = ""
    mistaken: dict[int, int] = field(default_factory=dict)
    refused: pd.DataFrame = field(default_factory=refused_table)
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each subject: ``sid, group, modalities, has_label``."""
        rows = [(one.sid, one.group, " ".join(one.images), one.label is not None) for one in self.pairs]
        return pd.DataFrame(rows, columns=["sid", "group", "modalities", "has_label"])

    def read(self, pair: Pair) -> Case:
        """Returns the voxels of one subject.

        Raises
        ------
        VolumeError
            A file is missing or damaged, is one slice, has another grid than the others, is of the wrong modality, or
            a label map has values that are no structure.
        """
        arrays, affine, first = [], None, None
        for name, path in pair.images.items():
            array, its_affine = _read(path)
            if affine is None:
                affine, first = its_affine, path
            _check_grid(path, array, its_affine, first, arrays[0] if arrays else array, affine)
            check_modality(path, array, self.modality or _modality_of(name))
            arrays.append(array)
        label = None
        if pair.label is not None:
            values, its_affine = _read(pair.label)
            _check_grid(pair.label, values, its_affine, first, arrays[0], affine)
            label = self.classes(pair.label, values)
        return Case(np.stack(arrays), label, affine)

    def classes(self, path: Path, values: np.ndarray) -> np.ndarray:
        """Returns classes for the values of a label map, uint8 of its shape.

        Raises
        ------
        VolumeError
            A value is neither 0, nor a structure, nor a known mistake.
        """
        known = {0: 0} | {value: place for place, value in enumerate(self.structures, start=1)}
        known |= {wrong: known[right] for wrong, right in self.mistaken.items()}
        present, place = np.unique(values, return_inverse=True)
        strange = [f"{value:g}" for value in present if float(value) not in known]
        if strange:
            shown = ", ".join(strange[:5]) + (f" and {len(strange) - 5} more" if len(strange) > 5 else "")
            raise refusal(path, f"unknown values in the label map: {shown}; known are 0 and {_known(self.structures)}",
                          "Give the label map as it is published, or leave the subject out")  # fmt: skip
        return np.array([known[int(value)] for value in present], np.uint8)[place.reshape(values.shape)]

    def cases(self) -> tuple[dict[str, Case], pd.DataFrame]:
        """Returns the voxels of all subjects that can be used, by sid, and ``name, message`` of the refused.

        All are held in memory: for large sets, `read` one pair after the other.
        """
        cases, refused = sort_out(((pair.sid, pair) for pair in self.pairs), self.read)
        return cases, pd.concat([self.refused, refused], ignore_index=True)


def check_modality(path: Path, array: np.ndarray, modality: str) -> None:
    """Raises VolumeError where values cannot be of a modality ("CT", "MR", other names are not checked)."""
    if not np.isfinite(array).all():
        raise refusal(path, "NaN or infinite values", "Convert the image again; every voxel needs a number")
    low, high = float(array.min()), float(array.max())
    if low == high:
        raise refusal(path, f"every voxel has the value {low:g}", "Check that the export finished")
    if modality == "CT" and low > AIR_HU:
        raise refusal(path, f"values from {low:g} to {high:g}, none below {AIR_HU:g}: not CT in HU",
                      "Give the CT, or export it in Hounsfield units")  # fmt: skip
    if modality == "MR" and low < AIR_HU:
        raise refusal(path, f"values down to {low:g}: HU of CT, not MR", "Give the MR image")


def require_folder(folder: Path, content: str) -> None:
    """Raises FileNotFoundError where there is no such folder; `content` says what should be in it."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder.name}: no such folder. Give the unpacked folder of {content}.")


def require_pairs(folder: Path, found: Iterable, layout: str) -> None:
    """Raises ValueError where nothing was `found` in a folder; `layout` says what its files are called."""
    if not list(found):
        raise ValueError(f"{folder.name}: no files called {layout} in it or below. Unpack the data set again, and give "
                         "the folder that holds it.")  # fmt: skip


def missing(sid: str, absent: Iterable[str]) -> tuple[str, str]:
    """Returns the row of `refused` for a subject that lacks files of these names."""
    return sid, f"{sid}: no {' and no '.join(absent)}. Unpack the data set again, or leave the subject out."


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    array, affine, _ = read_image(path)
    turn = orientations.io_orientation(affine)
    affine = affine @ orientations.inv_ornt_aff(turn, array.shape)
    return np.ascontiguousarray(orientations.apply_orientation(array, turn)), affine


def _check_grid(
    path: Path, array: np.ndarray, affine: np.ndarray, first: Path, other: np.ndarray, other_affine: np.ndarray
) -> None:
    if array.shape != other.shape:
        own, others = (" x ".join(map(str, shape)) for shape in (array.shape, other.shape))
        raise refusal(path, f"{own} voxels, but the image {first.name} has {others}",
                      "Give files of one subject, on one grid")  # fmt: skip
    corner = np.append(np.array(array.shape) - 1.0, 1.0)
    apart = max(np.abs((affine - other_affine) @ end)[:3].max() for end in (corner, np.array([0.0, 0, 0, 1])))
    if apart > SAME_MM:
        raise refusal(
            path, f"lies {apart:.1f} mm from the image {first.name}", "Give files of one subject, on one grid"
        )


def _known(structures: Mapping[int, str]) -> str:
    return ", ".join(str(value) for value in structures)


def _modality_of(name: str) -> str:
    return name.upper() if name.upper() in ("CT", "MR") else ""
