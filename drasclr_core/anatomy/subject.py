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
from drasclr_core.anatomy.lungs.lungmask import network_fingerprint, segment_lungs_lungmask
from drasclr_core.anatomy.lungs.segmentation import NoLungsError, segment_lungs
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.quality.measures import measure_alignment, measure_scan
from drasclr_core.anatomy.quality.verdict import Quality, assess, judge, named_by_sid
from drasclr_core.anatomy.thumbnail import note_thumbnail, save_thumbnail
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.refusal import printable_name
from drasclr_core.imaging.volume import VolumeError, load_mask, load_volume, save_mask
from drasclr_core.pieces import file_fingerprint, fingerprint, kept, mark_done, remembered_fingerprint
from drasclr_core.run import alignment_folder

VERSION = 5
"""Raise when one of these steps changes its result, so that pieces made by an older one are made anew."""
REFUSALS = 1
"""Raise when scans that were refused may be taken: they alone are judged anew, and others keep what they have."""


def find_lungs(
    subject: tuple[str, str], anatomy_folder: str | Path, spacing: float, lungmask_weights: str | Path = ""
) -> dict:
    """Segments the lungs of one scan and judges the scan.

    Writes ``<sid>/lungs.nii.gz``, ``<sid>/quality.json`` and, where the scan could be read, ``<sid>/thumbnail.webp``.
    Alignments with the atlas and its variants go when lungs are made anew.

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
    before = read_json(folder / ".lungs.json")
    try:
        found = (
            remembered_fingerprint(image, before.get("image", {})) if Path(image).exists() else {"content": "missing"}
        )
    except OSError as error:  # may not be read, or a name that no file can have: the reader says which
        found = {"content": type(error).__name__}
    network = network_fingerprint(lungmask_weights) if lungmask_weights else ""
    key = fingerprint(version=VERSION, image=found["content"], spacing=spacing, network=network)

    if before.get("verdict") == "refused" and before.get("refusals", 0) < REFUSALS:
        (folder / ".lungs.json").unlink()

    def segment() -> dict:
        for place in (folder, *folder.glob("atlas-*")):
            _forget_alignment(place)
        quality = named_by_sid(_lungs_quality(image, folder, spacing, lungmask_weights), sid, image)
        quality.save(folder / "quality.json")
        note_thumbnail(folder, key)
        return {"verdict": quality.verdict, "image": found, "refusals": REFUSALS}

    facts = kept(folder, "lungs", key, segment, [folder / "lungs.nii.gz"] * (before.get("verdict") != "refused"))
    if facts["image"] != found:
        mark_done(folder, "lungs", key, **{**facts, "image": found})
    if facts["verdict"] == "refused" and (folder / "quality.json").exists():
        stored = Quality.load(folder / "quality.json")
        if (named := named_by_sid(stored, sid, image)) != stored:  # made by a version that always named the file
            named.save(folder / "quality.json")
    return {"sid": sid, "verdict": facts["verdict"]}


def _lungs_quality(image: str | Path, folder: Path, spacing: float, lungmask_weights: str | Path) -> Quality:
    for name in ("lungs.nii.gz", "thumbnail.webp"):
        (folder / name).unlink(missing_ok=True)
    try:
        volume = load_volume(image, spacing)
    except VolumeError as error:
        return judge({"error": str(error)})
    try:
        lungs = segment_lungs_lungmask(volume, lungmask_weights) if lungmask_weights else segment_lungs(volume)
    except NoLungsError as error:
        save_thumbnail(folder, volume)
        return judge({"error": f"{printable_name(image)}: {error}.", **measure_scan(volume)})
    save_mask(folder / "lungs.nii.gz", lungs, volume.affine)
    save_thumbnail(folder, volume, lungs)
    return assess(volume, lungs)


def align(
    sid: str, anatomy_folder: str | Path, atlas_folder: str | Path, mode: str = "fast", seed: int = 0, variant: str = ""
) -> dict:
    """Aligns one subject with the atlas and carries the landmarks over.

    Writes ``<sid>/affine.json`` and ``<sid>/landmarks.npy`` (float64 [L, 3], patch centres, RAS mm of the subject) and
    adds the alignment's measures to ``<sid>/quality.json``; for a `variant` of the atlas all three are written to
    ``<sid>/atlas-<variant>`` (see `Run.alignment`). A subject refused by `find_lungs` gets none, and an older
    one goes.

    Parameters
    ----------
    sid : str
    anatomy_folder, atlas_folder : path
        The cohort's folders ``anatomy`` and ``atlas``.
    mode, seed
        As in `register_affine`.
    variant : str
        Of the atlas; empty for the main one.

    Returns
    -------
    dict
        ``sid`` and ``verdict``.
    """
    anatomy = Path(anatomy_folder) / sid
    folder, lungs = alignment_folder(anatomy, variant), _facts(anatomy, "lungs")
    if lungs["verdict"] == "refused":
        _forget_alignment(folder)
        if variant:
            (folder / "quality.json").unlink(missing_ok=True)  # of a scan that was replaced
        return {"sid": sid, "verdict": "refused"}
    key = fingerprint(version=VERSION, lungs=lungs["key"], atlas=file_fingerprint(atlas_folder), mode=mode, seed=seed)

    def register() -> dict:
        atlas = Atlas.load(atlas_folder)
        to_atlas = register_affine(anatomy / "lungs.nii.gz", Path(atlas_folder) / "lungs.nii.gz", mode, seed)
        to_atlas.save(folder / "affine.json")
        with atomic(folder / "landmarks.npy") as temporary:
            np.save(temporary, to_atlas.to_subject(atlas.centres))
        measures = Quality.load(anatomy / "quality.json").before_alignment().measures
        quality = judge(measures | measure_alignment(*load_mask(anatomy / "lungs.nii.gz"), to_atlas, atlas))
        quality.save(folder / "quality.json")
        return {"verdict": quality.verdict}

    files = [folder / name for name in ("affine.json", "landmarks.npy", "quality.json")]
    return {"sid": sid, **kept(folder, "align", key, register, files)}


def _forget_alignment(folder: Path) -> None:
    """Removes an alignment, which may be that of a scan that was replaced: whoever needs one must align anew."""
    for name in (".align.json", "affine.json", "landmarks.npy"):
        (folder / name).unlink(missing_ok=True)


def cut_patches(subject: tuple[str, str], anatomy_folder: str | Path, store: str | Path, variant: str = "") -> dict:
    """Cuts the patches of one aligned subject into the store (a folder made by `PatchStore.create`).

    Parameters
    ----------
    subject, anatomy_folder
        As in `find_lungs`.
    store : path
        Its spacing and patch size decide how the patches are cut.
    variant : str
        Of the atlas that the subject was aligned with; empty for the main one.

    Returns
    -------
    dict
        ``sid`` and ``padded``, the number of patches that reach beyond the scan and were filled with air.
    """
    sid, image = subject
    folder, patch_store = alignment_folder(Path(anatomy_folder) / sid, variant), PatchStore.open(store)
    aligned = _facts(folder, "align")["key"]
    key = fingerprint(version=VERSION, align=aligned, spacing=patch_store.spacing, size=patch_store.size)

    def cut() -> dict:
        centres = np.load(folder / "landmarks.npy")
        patches, padded = extract_patches(load_volume(image, patch_store.spacing), centres, patch_store.size)
        # The verdict stays as it is: whoever cuts at the same time decides by it who belongs to the store.
        quality = Quality.load(folder / "quality.json")
        measures = {**quality.measures, "patches_padded": padded / len(centres)}
        replace(quality, measures=measures).save(folder / "quality.json")
        patch_store.write(sid, patches)
        return {"padded": padded}

    return {"sid": sid, **kept(patch_store.written, sid, key, cut)}


def _facts(folder: Path, piece: str) -> dict:
    """Returns what was noted when a piece was finished; FileNotFoundError says which stage to run when it was not."""
    facts = read_json(folder / f".{piece}.json")
    if not facts:
        stage = {"lungs": "02_lungs", "align": "04_registration"}[piece]
        raise FileNotFoundError(f"{folder.name}: not done yet. Run notebook {stage} first.")
    return facts
