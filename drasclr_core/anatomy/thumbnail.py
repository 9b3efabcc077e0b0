"""The small picture of a scan, ``<sid>/thumbnail.webp``, for pages of many scans: a coronal slice, right of it an axial
one, with the outlines of both lungs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageColor
from scipy import ndimage

from drasclr_core.anatomy.overlays import LEFT_COLOR, RIGHT_COLOR, WINDOW, slices_through
from drasclr_core.files import atomic, read_json
from drasclr_core.imaging.volume import Volume, VolumeError, load_mask, load_volume
from drasclr_core.pieces import is_done, mark_done

HEIGHT = 160
"""Pixels; the picture is twice as wide."""
UNSEGMENTED_MM = 3.0
"""Voxel size at which a scan without lungs is drawn."""


def draw_thumbnail(subject: tuple[str, str], anatomy_folder: str | Path) -> dict:
    """Draws a thumbnail where `find_lungs` left none (a run of an older version, a deleted file).

    Arguments are those of `find_lungs`. Returns ``sid`` and ``drawn``, which is False for a scan that cannot be read.
    """
    sid, image = subject
    folder = Path(anatomy_folder) / sid
    if not has_thumbnail(folder):
        mask = folder / "lungs.nii.gz"
        try:
            lungs, affine = load_mask(mask) if mask.exists() else (None, np.eye(4) * UNSEGMENTED_MM)
            save_thumbnail(folder, load_volume(image, float(np.linalg.norm(affine[:3, 0]))), lungs)
        except VolumeError:
            (folder / "thumbnail.webp").unlink(missing_ok=True)
        note_thumbnail(folder, read_json(folder / ".lungs.json").get("key", ""))
    return {"sid": sid, "drawn": (folder / "thumbnail.webp").exists()}


def has_thumbnail(folder: Path) -> bool:
    """Returns whether a subject's thumbnail shows its present lungs, or is known to be impossible."""
    key = read_json(folder / ".lungs.json").get("key", "")
    drawn = read_json(folder / ".thumbnail.json").get("drawn")
    return is_done(folder, "thumbnail", key) and drawn == (folder / "thumbnail.webp").exists()


def note_thumbnail(folder: Path, key: str) -> None:
    """Notes that the thumbnail is of the lungs with this key, or that there can be none."""
    mark_done(folder, "thumbnail", key, drawn=(folder / "thumbnail.webp").exists())


def save_thumbnail(folder: Path, volume: Volume, lungs: np.ndarray | None = None) -> None:
    """Writes the thumbnail of a scan and its lungs, uint8 [x, y, z] (1 right, 2 left), or of a scan without any."""
    with atomic(folder / "thumbnail.webp") as temporary:
        _picture(volume, np.zeros(volume.array.shape, np.uint8) if lungs is None else lungs).save(temporary, quality=80)


def _picture(volume: Volume, lungs: np.ndarray) -> Image.Image:
    """Draws both slices, RGB, 320 x 160 pixels; a millimetre is as long in one slice as in the other."""
    views = slices_through(lungs)
    pair = [views[3], views[1]]
    pixels = HEIGHT / max(max(view.picture(lungs).shape) for view in pair)
    sheet = Image.new("RGB", (2 * HEIGHT, HEIGHT))
    for column, view in enumerate(pair):
        grey = np.clip((view.picture(volume.array)[::-1] - WINDOW[0]) / (WINDOW[1] - WINDOW[0]), 0, 1)
        size = [max(1, round(side * pixels)) for side in grey.shape[::-1]]
        picture = np.array(Image.fromarray((grey * 255).astype(np.uint8)).resize(size).convert("RGB"))
        labels = np.array(Image.fromarray(view.picture(lungs)[::-1]).resize(size, Image.Resampling.NEAREST))
        for label, shade in ((1, RIGHT_COLOR), (2, LEFT_COLOR)):
            lung = labels == label
            picture[lung & ~ndimage.binary_erosion(lung)] = ImageColor.getrgb(shade)
        corner = [(HEIGHT - side) // 2 for side in size]
        sheet.paste(Image.fromarray(picture), (corner[0] + column * HEIGHT, corner[1]))
    return sheet
