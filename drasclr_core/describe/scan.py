"""Any one chest CT through a trained run: lungs, landmarks, features, emphysema, volumes, a report, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.subjects import SAFE_SID
from drasclr_core.describe.among_cohort import compare_with_cohort
from drasclr_core.describe.description import (
    IMAGE,
    LANDMARKS,
    PAGE_3D,
    PICTURE_3D,
    REGIONS,
    SUMMARY,
    Description,
    mask_file,
    probability_file,
)
from drasclr_core.describe.report import write_report
from drasclr_core.describe.scan_folder import OneScan, claim, forget, judge_scan
from drasclr_core.describe.scan_tables import keep_landmarks, keep_regions
from drasclr_core.describe.subtype_maps import detectors_for, map_subtype, with_worth
from drasclr_core.detect.verdict import drawing_method
from drasclr_core.files import read_json, write_json
from drasclr_core.imaging.refusal import printable_name
from drasclr_core.methods import load_encoder
from drasclr_core.model.encoder import Encoder
from drasclr_core.pieces import file_fingerprint, fingerprint, kept
from drasclr_core.provenance import code_version, stage_record, versions
from drasclr_core.run import Run, check_started

VERSION = 4
"""Raise when the report changes with equal inputs."""


def describe_scan(
    image: str | Path,
    run: Run | str,
    out: str | Path | None = None,
    name: str | None = None,
    method: str = "drasclr",
    detector: str = "",
    subtypes: Sequence[str] = SUBTYPES,
    stride: int = 4,
    block: int = 1,
    check: int = 300,
    sid: str | None = None,
    seed: int = 0,
    home: Run | None = None,
) -> Description:
    """Describes one scan by a trained run, and writes a report about it.

    A second call with the same inputs does nothing again. A scan that cannot be used gets a report too, which says why.

    Parameters
    ----------
    image : path
        NIfTI, NRRD or MetaImage file, or a folder with a DICOM series.
    run : Run or str
        A run with an atlas (stage 03) and an encoder (06); cohort ``copd`` if given by name. With features (07) the
        scan is compared with the cohort, with detectors (20) emphysema is mapped.
    out : path, optional
        Folder for everything: new, empty, or of an earlier call. By default ``your_ct/<name>`` in the run's cohort.
    name : str, optional
        How the scan is called: letters, digits, ``_-.``. By default a code made from its content, because names of
        files may tell who it is.
    method : str
        Encoder under ``pretrain``; the scan is compared with features of the same name.
    detector : str
        Folder under ``detectors``; by default that of `drawing_method`.
    subtypes : sequence of str
        Which of `drasclr_core.cohort.annotations.SUBTYPES` to map; empty for none.
    stride, block, check, seed
        As in `dense_probability`; `seed` is that of the alignment too, whose mode is that of the run's stage 04.
    sid : str, optional
        The subject of the cohort that this scan is: it is not compared with itself, and only detectors that were not
        trained on it are used.
    home : Run, optional
        The run in whose cohort the folder lies where `out` says none; by default `run`.

    Returns
    -------
    Description

    Raises
    ------
    FileNotFoundError
        There is no such scan, run or cohort, or the run has no atlas or encoder.
    ValueError
        A name that is not safe, a folder with other files, an unknown subtype, or an
        encoder of another atlas.
    """
    image, run = Path(image), run if isinstance(run, Run) else Run(run)
    if not image.exists():
        raise FileNotFoundError(f"{printable_name(image)}: no such file or folder. Give the path of a scan.")
    check_started(run, cohort=True)
    encoder, atlas = _trained(run, method)
    detector = detector or drawing_method(run)
    detectors, missing = detectors_for(run, detector, subtypes, sid)
    name = name or sid or f"ct-{file_fingerprint(image)[:8]}"
    if not SAFE_SID.fullmatch(name):
        raise ValueError(f"name {name!r} is not letters, digits, . _ -: choose another, one that tells nobody's name.")
    folder = claim(Path(out) if out else (home or run).cohort / "your_ct" / name)
    scan = OneScan(folder, image, encoder.description["spacing_mm"])
    about = {"folder": folder, "name": name, "made": _made(run, method, detector, encoder, sid)}
    registered = read_json(stage_record(run, "04_registration")).get("parameters", {})
    quality = judge_scan(scan, run.atlas, registered.get("mode", "fast"), seed)
    if quality.verdict == "refused":
        maps = [file(subtype) for subtype in SUBTYPES for file in (probability_file, mask_file)]
        forget(folder, [LANDMARKS, IMAGE, REGIONS, PAGE_3D, PICTURE_3D, *maps])
        return _report(Description(quality=quality, **about), scan)
    how = {"stride": stride, "block": block, "check": check, "seed": seed}
    forget(
        folder, [file(other) for other in SUBTYPES if other not in detectors for file in (probability_file, mask_file)]
    )
    maps = {subtype: map_subtype(scan, subtype, one, **how) for subtype, one in detectors.items()}
    maps = with_worth(maps, run, detector, sid)
    landmarks = keep_landmarks(scan, encoder, atlas, name)
    place, cohort = compare_with_cohort(run, method, encoder, landmarks, sid) or (None, None)
    found = Description(quality=quality, landmarks=landmarks, regions=keep_regions(scan, maps), maps=maps,
                        missing_maps=missing, place=place, cohort=cohort, **about)  # fmt: skip
    return _report(found, scan)


def _trained(run: Run, method: str) -> tuple[Encoder, Atlas]:
    """Returns the run's encoder and atlas, which must go together."""
    atlas, encoder = Atlas.load(run.atlas), load_encoder(run.pretrain(method), patches=True)
    trained_at = np.array(encoder.description.get("locations", []))
    if trained_at.shape != atlas.locations.shape or not np.allclose(trained_at, atlas.locations, atol=1e-5):
        raise ValueError(f"The encoder {method!r} of run {run.name!r} was trained on other landmarks than those of its "
                         "atlas: run notebook 06 again.")  # fmt: skip
    return encoder, atlas


def _made(run: Run, method: str, detector: str, encoder: Encoder, sid: str | None) -> dict:
    """Returns what made the numbers; nothing that names a machine or a path."""
    return {
        "run": run.name,
        "cohort": run.cohort_name,
        "simulated": run.truth.exists(),
        "preset": read_json(stage_record(run, "06_pretrain")).get("preset", ""),
        "method": method,
        "detector": detector,
        "encoder": encoder.description["sha256"][:12],
        "spacing_mm": encoder.description["spacing_mm"],
        "patch_size": encoder.description["patch_size"],
        "subject": sid,
        "code": code_version(),
        "versions": versions(),
    }


def _report(found: Description, scan: OneScan) -> Description:
    """Writes ``summary.json`` and ``report.html``, unless they say the same already."""
    said = {name: value for name, value in found.summary().items() if name != "made"}
    made = {name: value for name, value in found.made.items() if name not in ("code", "versions")}
    key = fingerprint(version=VERSION, said=said, made=made, measures=found.quality.measures)

    def make() -> None:
        write_json(found.folder / SUMMARY, found.summary())
        write_report(found, scan)

    kept(found.folder, "report", key, make, [found.report])
    return found
