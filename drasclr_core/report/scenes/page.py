"""A three-dimensional view that a reader turns with the mouse: one HTML file that needs no network and no library.

Pyvista's own exporter is not used: it starts a web server, and asks its makers' site for files.
"""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import ImageColor

from drasclr_core.files import atomic
from drasclr_core.report.scenes.render import BACKGROUND, opacity, surface
from drasclr_core.report.style import STRUCTURES, image_html
from drasclr_core.report.templates import render

TRIANGLES = 10_000
"""Of each surface. Twice as many look the same at the size of a page."""


def write_scene_page(
    structures: dict[str, np.ndarray],
    affine: np.ndarray,
    path: str | Path,
    title: str,
    hidden: tuple[str, ...] = (),
    triangles: int = TRIANGLES,
) -> None:
    """Writes masks as surfaces into one HTML file, with all that a browser needs to turn and zoom them.

    Parameters
    ----------
    structures, affine
        As in `render_scene`.
    path : path
        ``.html``, a few hundred kilobytes.
    title : str
        What is shown, in words.
    hidden : tuple of str
        Structures that are not drawn until the reader ticks them: large ones hide each other.
    triangles : int
        Surfaces with more are simplified to about so many.

    Raises
    ------
    ValueError
        There is nothing to show.
    """
    present = [name for name in STRUCTURES if name in structures and structures[name].any()]
    if not present:
        raise ValueError(f"{Path(path).name}: all masks are empty, there is nothing to show")
    surfaces = {name: surface(structures[name], affine, triangles) for name in present}
    bounds = np.array([mesh.bounds for mesh in surfaces.values()]).reshape(-1, 3, 2)
    low, high = bounds[..., 0].min(axis=0), bounds[..., 1].max(axis=0)
    middle, extent = (low + high) / 2, float((high - low).max()) / 2
    page = render(
        "scene.html",
        title=title,
        background=BACKGROUND,
        ticks=[(name, STRUCTURES[name], name not in hidden) for name in present],
        scene={
            "background": _rgb(BACKGROUND),
            "surfaces": [
                _packed(name, mesh, middle, extent) | {"opacity": opacity(name, structures)}
                for name, mesh in surfaces.items()
            ],
        },
    )
    with atomic(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def interactive(page: str | Path, picture: str | Path, alt: str) -> Markup:
    """Returns HTML of a still picture that becomes the interactive view when its button is pressed.

    The view is part of this HTML, so that a notebook or a page of the book needs no file beside it. Where scripts
    cannot run, the picture stays.

    Parameters
    ----------
    page : path
        From `write_scene_page`.
    picture : path
        JPEG of the same scene, 10 wide to 7 high.
    alt : str
        What the picture shows, in words.

    Raises
    ------
    ValueError
        `alt` is empty.
    """
    still = image_html(Path(picture).read_bytes(), "jpeg", alt)
    return render("scene_button.html", page=Path(page).read_text(encoding="utf-8"), picture=still)


def _packed(name: str, mesh, middle: np.ndarray, extent: float) -> dict:
    """Returns a pyvista surface as ``scene.js`` takes it."""
    points = np.rint((mesh.points - middle) / extent * 32767).astype("<i2")
    triangles = mesh.faces.reshape(-1, 4)[:, 1:].astype("<u2" if len(points) <= 65536 else "<u4")
    arrays = {"points": points, "triangles": triangles}
    return {
        "color": _rgb(STRUCTURES[name]),
        "wide": triangles.itemsize == 4,
        **{key: base64.b64encode(array.tobytes()).decode() for key, array in arrays.items()},
    }


def _rgb(color: str) -> list[float]:
    return [round(part / 255, 4) for part in ImageColor.getrgb(color)]
