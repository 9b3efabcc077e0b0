"""The report on one scan: one HTML file that needs no network, with all its pictures inside."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from markupsafe import Markup

from drasclr_core.describe.among_cohort import NEIGHBOURS, USUAL
from drasclr_core.describe.description import PAGE_3D, PICTURE_3D, Description, mask_file, probability_file
from drasclr_core.describe.figures import cohort_figure, density_figure, slices_figure
from drasclr_core.describe.scan_folder import OneScan
from drasclr_core.describe.subtype_maps import read_masks
from drasclr_core.files import atomic
from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW
from drasclr_core.imaging.volume import VolumeError
from drasclr_core.methods import row_of
from drasclr_core.report.scenes import can_render, interactive, render_scene, write_scene_page
from drasclr_core.report.style import figure_html, image_html
from drasclr_core.report.templates import render

FILES = {
    "lungs.nii.gz": "lungs: 1 right, 2 left",
    "affine.json": "alignment, atlas mm to scan mm",
    "landmarks.npy": "landmarks in the scan, RAS mm",
    "landmarks.parquet": "features at every landmark, with its location in the scan and in the atlas",
    "image.parquet": "image-level features, one row that joins the cohort's table",
    "regions.csv": "volumes and density by side and third",
    "quality.json": "verdict, reasons and measures",
    "view_3d.html": "the view in three dimensions, by itself",
    "summary.json": "everything in this report as numbers",
}


def section(name: str, found: Description) -> Markup:
    """Returns a section of the report as HTML: ``verdict, numbers, regions`` or ``cohort``."""
    detector = row_of(found.made["detector"]).name
    return render(f"scan/{name}.html", found=found, detector=detector, NEIGHBOURS=NEIGHBOURS, USUAL=USUAL)


def view_3d(found: Description) -> Markup:
    """Returns the lungs as glass with what was detected inside, as HTML: a picture that can be turned.

    A sentence instead where the machine that described the scan could not render.
    """
    picture, page = found.folder / PICTURE_3D, found.folder / PAGE_3D
    if not (picture.exists() and page.exists()):
        return Markup("<p>No three-dimensional picture: the machine that made this report cannot render.</p>")
    return interactive(page, picture, _title_3d(found))


def write_report(found: Description, scan: OneScan) -> None:
    """Writes the report of a described scan into its folder.

    Parameters
    ----------
    found : Description
    scan : OneScan
        For the pictures; of a refused scan only the thumbnail is shown.
    """
    pictures = {"thumbnail": _thumbnail(found.folder / "thumbnail.webp")} if found.refused else _pictures(found, scan)
    maps = {kind(subtype): f"{subtype} emphysema, {what}" for subtype in found.maps
            for kind, what in ((probability_file, "probability"), (mask_file, "mask"))}  # fmt: skip
    there = set(found.files())
    page = render(
        "scan/report.html",
        found=found,
        made=found.made,
        method=row_of(found.made["method"]).name,
        detector=row_of(found.made["detector"]).name,
        stored=_stored(scan),
        files={name: what for name, what in (FILES | maps).items() if name in there},
        pictures=pictures,
        WINDOW=EMPHYSEMA_WINDOW,
        NEIGHBOURS=NEIGHBOURS,
        USUAL=USUAL,
    )
    with atomic(found.report) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _pictures(found: Description, scan: OneScan) -> dict[str, Markup]:
    masks = read_masks(found.folder, found.maps)
    _draw_3d(found, scan, masks)
    with plt.style.context("drasclr_core.report.book"):
        pictures = {
            "coronal": _figure(*slices_figure(scan.volume, scan.lungs, masks, 1), "png"),
            "axial": _figure(*slices_figure(scan.volume, scan.lungs, masks, 2), "png"),
            "view_3d": view_3d(found),
            "density": _figure(*density_figure(scan.volume.array[scan.lungs > 0], found.whole)),
        }
        if found.place is not None:
            pictures["cohort"] = _figure(*cohort_figure(found))
    return pictures


def _draw_3d(found: Description, scan: OneScan, masks: dict[str, np.ndarray]) -> None:
    structures, affine = {"lungs": scan.lungs, **masks}, scan.volume.affine
    picture, page = found.folder / PICTURE_3D, found.folder / PAGE_3D
    for path in (picture, page):
        path.unlink(missing_ok=True)  # of other parameters
    if can_render():
        render_scene(structures, affine, picture, (1000, 700))
        write_scene_page(structures, affine, page, _title_3d(found))


def _title_3d(found: Description) -> str:
    shares = {name: found.whole[f"{name}_pct"] for name in found.maps if found.whole[f"{name}_ml"] > 0}
    seen = [f"{name} emphysema detected in {share:.0f} % of them" for name, share in shares.items()]
    return f"The lungs as glass, seen from the front, with {' and '.join(seen) or 'nothing'} inside."


def _figure(fig: plt.Figure, alt: str, kind: str = "svg") -> Markup:
    html = figure_html(fig, alt, kind)
    plt.close(fig)
    return html


def _thumbnail(path: Path) -> Markup:
    alt = "A coronal and an axial slice, with outlines of the lungs as far as they were found."
    return image_html(path.read_bytes(), "webp", alt) if path.exists() else Markup()


def _stored(scan: OneScan) -> dict:
    """Returns what is known of the scan as it was stored; nothing where it cannot be read."""
    try:
        return scan.volume.source
    except VolumeError:
        return {}
