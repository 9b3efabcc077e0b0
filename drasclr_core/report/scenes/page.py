"""A three-dimensional view that a reader turns with the mouse: one HTML file that needs no network and no library.

Pyvista's own exporter is not used: it starts a web server, and asks its makers' site for files.
"""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from string import Template

import numpy as np
from PIL import ImageColor

from drasclr_core.report.scenes.render import BACKGROUND, LOOK, surface
from drasclr_core.run import atomic

HERE = Path(__file__).parent
TRIANGLES = 10_000
"""Of each surface. Twice as many look the same at the size of a page."""
_STYLE = """<style>
.scene { position: relative; max-width: 700px; background: #0b1120; }
.scene img, .scene iframe { display: block; width: 100%; height: auto; aspect-ratio: 10 / 7; border: 0; }
.scene button { position: absolute; left: 50%; bottom: 1rem; transform: translateX(-50%); padding: 0.4em 1em;
  border: 1px solid #ffffff; border-radius: 0.4em; background: #0b1120; color: #ffffff; cursor: pointer; }
</style>"""
# Drawn only when it is asked for: until then a page costs a reader a picture, and no graphics card.
_OPEN = """(button => {
  const box = button.closest('.scene'), frame = document.createElement('iframe');
  frame.srcdoc = box.dataset.page;
  frame.title = box.querySelector('img').alt;
  frame.sandbox = 'allow-scripts';
  box.replaceChildren(frame);
})(this)"""


def write_scene_page(
    structures: dict[str, np.ndarray],
    affine: np.ndarray,
    path: str | Path,
    title: str,
    hidden: tuple[str, ...] = (),
    triangles: int = TRIANGLES,
) -> None:
    """Write masks as surfaces into one HTML file, with all that a browser needs to turn and zoom them.

    Parameters
    ----------
    structures, affine
        As in `report.scenes.render`.
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
    surfaces = {
        name: surface(structures[name], affine, triangles)
        for name in LOOK
        if name in structures and structures[name].any()
    }
    if not surfaces:
        raise ValueError(f"{Path(path).name}: all masks are empty, there is nothing to show")
    bounds = np.array([mesh.bounds for mesh in surfaces.values()]).reshape(-1, 3, 2)
    low, high = bounds[..., 0].min(axis=0), bounds[..., 1].max(axis=0)
    middle, extent = (low + high) / 2, float((high - low).max()) / 2
    scene = {
        "background": _color(BACKGROUND),
        "surfaces": [_packed(name, mesh, middle, extent) for name, mesh in surfaces.items()],
    }
    page = Template((HERE / "scene.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        background=BACKGROUND,
        legend="\n".join(_tick(name, name not in hidden) for name in surfaces),
        scene=json.dumps(scene),
        script=(HERE / "scene.js").read_text(encoding="utf-8"),
    )
    with atomic(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def interactive(page: str | Path, picture: str | Path, alt: str) -> str:
    """HTML of a still picture that becomes the interactive view when its button is pressed.

    The view is part of this HTML, so that a notebook or a page of the book needs no file beside it. Where scripts
    cannot run, the picture stays.

    Parameters
    ----------
    page : path
        From `write_scene_page`.
    picture : path
        JPEG of the same scene, 10 wide to 7 high.
    alt : str
        What the picture shows, in words; must not be empty.
    """
    if not alt.strip():
        raise ValueError("the scene has no alternative text: say in one sentence what it shows")
    view = escape(Path(page).read_text(encoding="utf-8"))
    still = base64.b64encode(Path(picture).read_bytes()).decode()
    return (
        f'{_STYLE}<div class="scene" data-page="{view}"><img src="data:image/jpeg;base64,{still}" alt="{escape(alt)}">'
        f'<button type="button" onclick="{escape(_OPEN)}">Turn it in 3D</button></div>'
    )


def _tick(name: str, shown: bool) -> str:
    """A box to tick, in the structure's colour."""
    state = " checked" if shown else ""
    return f'<label style="color: {LOOK[name][0]}"><input type="checkbox"{state}> {escape(name)}</label>'


def _packed(name: str, mesh, middle: np.ndarray, extent: float) -> dict:
    """A pyvista surface as ``scene.js`` takes it."""
    points = np.rint((mesh.points - middle) / extent * 32767).astype("<i2")
    triangles = mesh.faces.reshape(-1, 4)[:, 1:].astype("<u2" if len(points) <= 65536 else "<u4")
    arrays = {"points": points, "triangles": triangles}
    return {
        "color": _color(LOOK[name][0]),
        "opacity": LOOK[name][1],
        "wide": triangles.itemsize == 4,
        **{key: base64.b64encode(array.tobytes()).decode() for key, array in arrays.items()},
    }


def _color(name: str) -> list[float]:
    return [round(part / 255, 4) for part in ImageColor.getrgb(name)]
