"""What is done to one subject on the way from a scan to patches; every piece is kept and never done twice.

The functions can be sent to other processes (`drasclr_core.progress.for_each`). A piece is done again when its
parameters or its inputs changed: each piece's key contains the key of the piece before. A scan that cannot be used gets
a verdict with a reason in ``quality.json``, and the rest of the cohort goes on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.atlas.registration import register_affine
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.anatomy.lungs.lungmask import segment_lungs_lungmask, weights_fingerprint
from drasclr_core.anatomy.lungs.segmentation import NoLungsError, segment_lungs
from drasclr_core.anatomy.overlays import thumbnail
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.quality.measures import measure_alignment, measure_scan
from drasclr_core.anatomy.quality.verdict import Quality, assess, judge
from drasclr_core.imaging.refusal import printable_name
from drasclr_core.imaging.volume import Volume, VolumeError, load_mask, load_volume, save_mask
from drasclr_core.run import (
    alignment_folder,
    atomic,
    file_fingerprint,
    fingerprint,
    is_done,
    mark_done,
    read_json,
    remembered_fingerprint,
)

VERSION = 4
"""Raise when one of these steps changes its result, so that pieces made by an older one are made anew."""
OF_ALIGNMENT = ("dice", "dice_right", "dice_left", "determinant", "shear", "landmarks_inside", "patches_padded")
"""Measures of an earlier alignment, maybe with another atlas."""
UNSEGMENTED_MM = 3.0
"""Voxel size at which a scan without lungs is drawn."""


def find_lungs(
    subject: tuple[str, str], anatomy_folder: str | Path, spacing: float, lungmask_weights: str | Path = ""
) -> dict:
    """Segment the lungs of one scan and judge the scan.

    Writes ``<sid>/lungs.nii.gz``, ``<sid>/quality.json`` and, where the scan could be read, ``<sid>/thumbnail.webp``.

    Parameters
    ----------
    subject : (str, str)
        sid and path of the image.
    anatomy_folder : path
        The cohort's ``anatomy`` folder.
    spacing : float
        Voxel size in mm at which the scan is read.
    lungmask_weights : path
        Weights of the network lungmask, which then finds the lungs; empty for `segment_lungs`.

    Returns
    -------
    dict
        ``sid`` and ``verdict``.

    Raises
    ------
    LungmaskError
        The network or its weights cannot be used: no fault of the scan, so nothing is judged.
    """
    sid, image = subject
    folder = Path(anatomy_folder) / sid
    facts = read_json(folder / ".lungs.json")
    known = facts.get("image", {})
    try:
        found = remembered_fingerprint(image, known) if Path(image).exists() else {"content": "missing"}
    except OSError as error:  # may not be read, or a name that no file can have: the reader says which
        found = {"content": type(error).__name__}
    network = weights_fingerprint(lungmask_weights) if lungmask_weights else ""
    key = fingerprint(version=VERSION, image=found["content"], spacing=spacing, network=network)
    if facts.get("key") != key or not (facts["verdict"] == "refused" or (folder / "lungs.nii.gz").exists()):
        quality = _lungs_quality(image, folder, spacing, lungmask_weights)
        quality.save(folder / "quality.json")
        mark_done(folder, "thumbnail", key, drawn=(folder / "thumbnail.webp").exists())
        mark_done(folder, "lungs", key, verdict=quality.verdict, image=found)
    elif found != known:
        mark_done(folder, "lungs", key, verdict=facts["verdict"], image=found)
    return {"sid": sid, "verdict": _facts(folder, "lungs")["verdict"]}


def _lungs_quality(image: str | Path, folder: Path, spacing: float, lungmask_weights: str | Path) -> Quality:
    for name in ("lungs.nii.gz", "thumbnail.webp"):
        (folder / name).unlink(missing_ok=True)
    try:
        volume = load_volume(image, spacing)
    except VolumeError as error:
        return judge({"error": str(error)})
    try:
        lungs = segment_lungs_lungmask(volume, lungmask_weights) if lungmask_weights else segment_lungs(volume)
        save_mask(folder / "lungs.nii.gz", lungs, volume.affine)
        quality = assess(volume, lungs)
    except NoLungsError as error:
        lungs = np.zeros(volume.array.shape, np.uint8)
        quality = judge({"error": f"{printable_name(image)}: {error}.", **measure_scan(volume)})
    _save_thumbnail(folder, volume, lungs)
    return quality


def draw_thumbnail(subject: tuple[str, str], anatomy_folder: str | Path) -> dict:
    """Draw ``<sid>/thumbnail.webp`` where `find_lungs` left none (a run of an older version, a deleted file).

    Parameters
    ----------
    subject, anatomy_folder
        As in `find_lungs`.

    Returns
    -------
    dict
        ``sid`` and ``drawn``, False for a scan that cannot be read.
    """
    sid, image = subject
    folder = Path(anatomy_folder) / sid
    if not has_thumbnail(folder):
        mask = folder / "lungs.nii.gz"
        try:
            lungs, affine = load_mask(mask) if mask.exists() else (None, np.eye(4) * UNSEGMENTED_MM)
            volume = load_volume(image, float(np.linalg.norm(affine[:3, 0])))
            _save_thumbnail(folder, volume, np.zeros(volume.array.shape, np.uint8) if lungs is None else lungs)
        except VolumeError:
            (folder / "thumbnail.webp").unlink(missing_ok=True)
        mark_done(folder, "thumbnail", _facts(folder, "lungs")["key"], drawn=(folder / "thumbnail.webp").exists())
    return {"sid": sid, "drawn": (folder / "thumbnail.webp").exists()}


def has_thumbnail(folder: Path) -> bool:
    """Whether a subject's thumbnail shows its present lungs, or is known to be impossible."""
    key = read_json(folder / ".lungs.json").get("key", "")
    drawn = read_json(folder / ".thumbnail.json").get("drawn")
    return is_done(folder, "thumbnail", key) and drawn == (folder / "thumbnail.webp").exists()


def _save_thumbnail(folder: Path, volume: Volume, lungs: np.ndarray) -> None:
    with atomic(folder / "thumbnail.webp") as temporary:
        thumbnail(volume, lungs).save(temporary, quality=80)


def align(
    sid: str, anatomy_folder: str | Path, atlas_folder: str | Path, mode: str = "fast", seed: int = 0, variant: str = ""
) -> dict:
    """Align one subject with the atlas and carry the landmarks over.

    Writes ``<sid>/affine.json`` and ``<sid>/landmarks.npy`` (float64 [L, 3], patch centres, RAS mm of the subject) and
    adds the alignment's measures to ``<sid>/quality.json``; for a `variant` of the atlas all three are written to
    ``<sid>/atlas-<variant>`` (see `Run.alignment`). Subjects refused by `find_lungs` are left alone.

    Returns
    -------
    dict
        ``sid`` and ``verdict``.
    """
    anatomy = Path(anatomy_folder) / sid
    folder, lungs = alignment_folder(anatomy, variant), _facts(anatomy, "lungs")
    if lungs["verdict"] == "refused":
        if variant:
            (folder / "quality.json").unlink(missing_ok=True)  # of a scan that was replaced
        return {"sid": sid, "verdict": "refused"}
    key = fingerprint(version=VERSION, lungs=lungs["key"], atlas=file_fingerprint(atlas_folder), mode=mode, seed=seed)
    if not is_done(folder, "align", key):
        atlas = Atlas.load(atlas_folder)
        affine = register_affine(anatomy / "lungs.nii.gz", Path(atlas_folder) / "lungs.nii.gz", mode, seed)
        affine.save(folder / "affine.json")
        with atomic(folder / "landmarks.npy") as temporary:
            np.save(temporary, affine.to_subject(atlas.centres))
        measures = Quality.load(anatomy / "quality.json").measures
        measures = {name: value for name, value in measures.items() if name not in OF_ALIGNMENT}
        measures |= measure_alignment(*load_mask(anatomy / "lungs.nii.gz"), affine, atlas)
        quality = judge(measures)
        quality.save(folder / "quality.json")
        mark_done(folder, "align", key, verdict=quality.verdict)
    return {"sid": sid, "verdict": _facts(folder, "align")["verdict"]}


def cut_patches(subject: tuple[str, str], anatomy_folder: str | Path, store: str | Path, variant: str = "") -> dict:
    """Cut the patches of one subject, aligned with a `variant` of the atlas, into a store (`PatchStore.create`).

    Returns
    -------
    dict
        ``sid`` and ``padded``, the number of patches that reach beyond the scan and were filled with air.
    """
    sid, image = subject
    folder, patch_store = alignment_folder(Path(anatomy_folder) / sid, variant), PatchStore.open(store)
    key = fingerprint(align=_facts(folder, "align")["key"], spacing=patch_store.spacing, size=patch_store.size)
    if not (is_done(folder, "patches", key) and patch_store.is_written(sid, key)):
        centres = np.load(folder / "landmarks.npy")
        patches, padded = extract_patches(load_volume(image, patch_store.spacing), centres, patch_store.size)
        patch_store.write(sid, patches, key)
        # The verdict stays as it is: whoever cuts at the same time decides by it who belongs to the store.
        quality = Quality.load(folder / "quality.json")
        measures = {**quality.measures, "patches_padded": padded / len(centres)}
        replace(quality, measures=measures).save(folder / "quality.json")
        mark_done(folder, "patches", key, padded=padded)
    return {"sid": sid, "padded": _facts(folder, "patches")["padded"]}


def _facts(folder: Path, piece: str) -> dict:
    """What was noted when a piece was finished; an error that says which stage to run when it was not."""
    facts = read_json(folder / f".{piece}.json")
    if not facts:
        stage = {"lungs": "02_lungs", "align": "04_registration", "patches": "05_patches"}[piece]
        raise FileNotFoundError(f"{folder.name}: not done yet. Run notebook {stage} first.")
    return facts
