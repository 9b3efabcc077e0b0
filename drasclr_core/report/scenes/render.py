"""Three-dimensional pictures: lungs as glass, airways and disease inside."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from drasclr_core.files import atomic
from drasclr_core.report.style import STRUCTURES

BACKGROUND = "#0b1120"
OPACITY = {"lungs": 0.12, "airways": 1.0, "vessels": 0.55, "centrilobular": 1.0, "paraseptal": 1.0}
DISEASES = ("centrilobular", "paraseptal")
MUCH, VEIL = 0.25, 0.35
"""From this share of the lungs on a mask of disease would hide them and itself, and is drawn with this opacity."""


def can_render() -> bool:
    """Returns whether this machine renders off screen (VTK needs EGL or OSMesa); asked in a process that may crash."""
    code = "import pyvista as pv; p = pv.Plotter(off_screen=True); p.add_mesh(pv.Sphere()); p.screenshot()"
    try:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def opacity(name: str, structures: Mapping[str, np.ndarray]) -> float:
    """Returns how opaque a structure is drawn: as `OPACITY` says, or where disease is much of the lungs, as a veil.

    Parameters
    ----------
    name : str
    structures : mapping of str to array [x, y, z]
        All masks of the view.
    """
    lungs = np.count_nonzero(structures.get("lungs", 0))
    much = name in DISEASES and lungs and np.count_nonzero(structures[name]) > MUCH * lungs
    return VEIL if much else OPACITY[name]


def render_scene(
    structures: dict[str, np.ndarray], affine: np.ndarray, path: str | Path, size: tuple[int, int] = (1200, 840)
) -> None:
    """Renders masks as surfaces, seen from the front, and saves a JPEG.

    Parameters
    ----------
    structures : dict[str, array [x, y, z]]
        Masks by name; those without a colour in `report.style.STRUCTURES` are left out.
    affine : array [4, 4]
        Voxel to RAS mm.
    path : path
        The picture.
    size : (int, int)
        Its width and height, pixels.
    """
    import pyvista as pv

    plotter = pv.Plotter(off_screen=True, window_size=size, lighting="three lights")
    plotter.set_background(BACKGROUND, top="#1d2a44")
    for name, color in STRUCTURES.items():
        if name in structures and structures[name].any():
            mesh = surface(structures[name], affine)
            plotter.add_mesh(mesh, color=color, opacity=opacity(name, structures), smooth_shading=True, specular=0.3)
    plotter.enable_depth_peeling(8)
    # From the front: the subject faces the viewer, so the subject's right is on the viewer's left.
    plotter.view_vector((0.25, 1.0, 0.1), viewup=(0, 0, 1))
    plotter.camera.zoom(1.5)
    plotter.enable_anti_aliasing("ssaa")
    picture = Image.fromarray(plotter.screenshot(return_img=True))
    plotter.close()
    with atomic(path) as temporary:
        picture.convert("RGB").save(temporary, quality=88)


def surface(mask: np.ndarray, affine: np.ndarray, triangles: int | None = None):
    """Returns the smooth surface of a mask in RAS mm, a pyvista mesh of triangles.

    Parameters
    ----------
    mask : array [x, y, z]
        Not empty.
    affine : array [4, 4]
        Voxel to RAS mm; axes along the RAS axes.
    triangles : int, optional
        A surface with more is simplified to about so many.
    """
    import pyvista as pv

    padded, spacing = np.pad(mask > 0, 1).astype(np.float32), np.diag(affine)[:3]
    grid = pv.ImageData(dimensions=padded.shape, spacing=spacing, origin=affine[:3, 3] - spacing)
    grid["mask"] = padded.ravel(order="F")
    mesh = grid.contour([0.5]).smooth_taubin(n_iter=30, pass_band=0.08)
    if triangles and mesh.n_cells > triangles:
        mesh = mesh.decimate(1 - triangles / mesh.n_cells)
    return mesh
