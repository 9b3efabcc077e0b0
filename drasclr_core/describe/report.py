"""The report on one scan: one HTML file that needs no network, with all its pictures inside."""

from __future__ import annotations

import base64
import re
from html import escape
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np

from drasclr_core.describe import tables as ct_tables
from drasclr_core.describe import words as ct_words
from drasclr_core.describe.description import PAGE_3D, PICTURE_3D, Description
from drasclr_core.describe.figures import among_cohort, density_histogram, slices
from drasclr_core.describe.scan_folder import OneScan
from drasclr_core.describe.subtype_maps import read_masks
from drasclr_core.imaging.volume import VolumeError
from drasclr_core.report.scenes.page import interactive, write_scene_page
from drasclr_core.report.scenes.render import can_render, render
from drasclr_core.report.style import to_html
from drasclr_core.run import atomic

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The page may show and run what it holds itself, for the 3D view, and may fetch nothing from anywhere."""
STYLE = "drasclr_core.report.book"


def write_report(found: Description, scan: OneScan) -> None:
    """Write the report of a described scan into its folder.

    Parameters
    ----------
    found : Description
    scan : OneScan
        For the pictures; of a refused scan only the thumbnail is shown.
    """
    sections = [ct_tables.verdict(found, _thumbnail(found) if found.refused else "")]
    if not found.refused:
        with plt.style.context(STYLE):
            sections += _body(found, scan)
    sections.append(ct_tables.how(found, _stored(scan)))
    parts = {
        "policy": POLICY,
        "name": escape(found.name),
        "lead": escape(ct_words.lead(found)),
        "warning": ct_words.warning(found),
        "sections": "\n".join(sections),
    }
    template = files("drasclr_core.describe").joinpath("report.html").read_text()
    with atomic(found.report) as temporary:
        temporary.write_text(re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template), encoding="utf-8")


def view_3d(found: Description) -> str:
    """The lungs as glass with what was detected inside, as HTML: a picture that can be turned.

    A sentence instead where the machine that described the scan could not render.
    """
    picture, page = found.folder / PICTURE_3D, found.folder / PAGE_3D
    if not (picture.exists() and page.exists()):
        return "<p>No three-dimensional picture: the machine that made this report cannot render.</p>"
    return interactive(page, picture, _title_3d(found))


def _draw_3d(found: Description, scan: OneScan, masks: dict[str, np.ndarray]) -> None:
    structures, affine = {"lungs": scan.lungs, **masks}, scan.volume.affine
    for name in (PICTURE_3D, PAGE_3D):
        (found.folder / name).unlink(missing_ok=True)  # of other parameters
    if can_render():
        render(structures, affine, found.folder / PICTURE_3D, (1000, 700))
        write_scene_page(structures, affine, found.folder / PAGE_3D, _title_3d(found))


def _title_3d(found: Description) -> str:
    seen = [f"{name} emphysema" for name in found.maps if found.whole[f"{name}_ml"] > 0]
    return f"The lungs as glass, seen from the front, with {' and '.join(seen) or 'nothing'} inside."


def _body(found: Description, scan: OneScan) -> list[str]:
    masks = read_masks(found.folder, found.maps)
    _draw_3d(found, scan, masks)
    pictures = [_figure(slices(scan.volume, scan.lungs, masks, axis), "png") for axis in (1, 2)]
    sections = [
        ct_tables.in_short(found),
        ct_tables.section("Where", "".join(pictures), ct_words.about_slices(found)),
        ct_tables.section("In three dimensions", view_3d(found), ct_words.ABOUT_3D),
        ct_tables.regions(found),
        ct_tables.section(
            "How dense",
            _figure(density_histogram(scan.volume.array[scan.lungs > 0], found.whole)),
            ct_words.ABOUT_DENSITY,
        ),
    ]
    if found.place is not None:
        picture = _figure(among_cohort(found))
        sections.append(ct_tables.section("Among the cohort", picture, ct_words.about_place(found)))
    return sections


def _figure(drawn: tuple[plt.Figure, str], kind: str = "svg") -> str:
    html = f"<figure>{to_html(*drawn, kind)}</figure>"
    plt.close(drawn[0])
    return html


def _thumbnail(found: Description) -> str:
    path = found.folder / "thumbnail.webp"
    if not path.exists():
        return ""
    alt = "A coronal and an axial slice, with outlines of the lungs as far as they were found."
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<figure><img src="data:image/webp;base64,{data}" alt="{alt}" width="640"></figure>'


def _stored(scan: OneScan) -> dict:
    """What is known of the scan as it was stored; nothing where it cannot be read."""
    try:
        return scan.volume.source
    except VolumeError:
        return {}
