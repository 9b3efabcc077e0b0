"""The 2D streams of a run's cohort: slices of its scans, and radiographs simulated from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from zlib import crc32

import nibabel as nib
import numpy as np

from drasclr_core.cohort.images.findings import DEGREES, Degrees, true_shares, with_findings
from drasclr_core.cohort.images.keep import Rows, keep_piece, keep_stream
from drasclr_core.cohort.images.projections import EXPOSURES, VIEWS, Exposure, View, pictures
from drasclr_core.cohort.images.slices import axial_slices, lung_extent
from drasclr_core.cohort.images.stream import ImageStream, write_images
from drasclr_core.cohort.phantom.truth import load_truth
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.imaging.volume import load_mask, load_volume
from drasclr_core.pieces import file_fingerprint
from drasclr_core.run import Run

VERSION = 1
"""Raise when images are made in another way."""
_STREAM = 7050  # keeps these random numbers apart from those of the phantoms


def stream_folder(run: Run, kind: str) -> Path:
    """Returns where a cohort's 2D images of a kind, ``slices`` or ``radiographs``, lie."""
    return run.cohort / "images_2d" / kind


def keep_slices(run: Run, count: int = 16, edge: int = 128, spacing: float = 2.0, workers: int = 0) -> ImageStream:
    """Makes axial slices of every scan of a cohort, or finds them made.

    Parameters
    ----------
    run : Run
    count : int
        Slices of a scan, spread over the lungs where stage 02 or the truth knows them, else over the scan.
    edge : int
        Pixels of a square's side.
    spacing : float
        Voxel size at which the scans are read, mm.
    workers : int
        Processes (see `progress.for_each`).

    Returns
    -------
    ImageStream
        ``sid, kind`` ("slice"), ``file, place``. Scans that cannot be used are in ``refused.csv`` beside it.

    Raises
    ------
    FileNotFoundError
        The cohort has not been made.
    ValueError
        No scan can be used.
    """
    piece = partial(_slices, run=run, count=count, edge=edge, spacing=spacing)
    return keep_stream(stream_folder(run, "slices"), _scans(run), piece, "slices of scans", workers)


def keep_radiographs(
    run: Run,
    edge: int = 128,
    seed: int = 0,
    spacing: float = 2.0,
    degrees: Degrees = DEGREES,
    views: Sequence[View] = VIEWS,
    exposures: Sequence[Exposure] = EXPOSURES,
    workers: int = 0,
) -> ImageStream:
    """Makes simulated radiographs of every scan of a cohort, or finds them made.

    Parameters
    ----------
    run : Run
    edge : int
        Pixels of a square's side.
    seed : int
        With the sid it chooses turns and noise.
    spacing : float
        Voxel size at which the scans are read, mm; a pixel has this size before it is brought to the square.
    degrees : Degrees
        From which share of the lungs on emphysema or COVID-19 makes a radiograph abnormal.
    views, exposures : sequence
        Every view is taken with every exposure.
    workers : int

    Returns
    -------
    ImageStream
        ``sid, kind`` ("radiograph"), ``view, exposure, file, place`` and, where there are phantoms, ``covid_share,
        emphysema_share, covid, emphysema, abnormal`` (see `with_findings`).

    Raises
    ------
    FileNotFoundError, ValueError
        As `keep_slices`.
    """
    piece = partial(_radiographs, run=run, edge=edge, seed=seed, spacing=spacing, views=tuple(views),
                    exposures=tuple(exposures))  # fmt: skip
    finish = partial(with_findings, degrees=degrees)
    return keep_stream(stream_folder(run, "radiographs"), _scans(run), piece, "radiographs", workers, finish)


def _scans(run: Run) -> dict[str, Path]:
    subjects = read_subjects(run)
    return {sid: image_path(run, image) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)}


def _slices(sid: str, scan: Path, run: Run, count: int, edge: int, spacing: float) -> Rows:
    mask, truth = run.anatomy(sid) / "lungs.nii.gz", run.truth / f"{sid}.nii.gz"
    lungs = next((file for file in (mask, truth) if file.exists()), None)

    def make(file: Path) -> Rows:
        extent = None
        if lungs:
            found, affine = load_mask(mask) if lungs == mask else (load_truth(truth)["lungs"], nib.load(truth).affine)
            extent = lung_extent(found, affine)
        images = axial_slices(load_volume(scan, spacing), count, extent)
        write_images(file, images, edge)
        return [{"kind": "slice"}] * len(images)

    return keep_piece(stream_folder(run, "slices"), sid, scan, make, version=VERSION, count=count, edge=edge,
                      spacing=spacing, lungs=file_fingerprint(lungs) if lungs else "")  # fmt: skip


def _radiographs(
    sid: str,
    scan: Path,
    run: Run,
    edge: int,
    seed: int,
    spacing: float,
    views: tuple[View, ...],
    exposures: tuple[Exposure, ...],
) -> Rows:
    truth = run.truth / f"{sid}.nii.gz"

    def make(file: Path) -> Rows:
        rng = np.random.default_rng(np.random.SeedSequence((seed, crc32(sid.encode()), _STREAM)))
        made = pictures(load_volume(scan, spacing), rng, views, exposures)
        write_images(file, [image for *_, image in made], edge)
        shares = true_shares(load_truth(truth)) if truth.exists() else {}
        return [{"kind": "radiograph", "view": view, "exposure": exposure, **shares} for view, exposure, _ in made]

    known = file_fingerprint(truth) if truth.exists() else ""
    taken = [[asdict(one) for one in several] for several in (views, exposures)]
    return keep_piece(stream_folder(run, "radiographs"), sid, scan, make, version=VERSION, edge=edge, seed=seed,
                      spacing=spacing, taken=taken, truth=known)  # fmt: skip
