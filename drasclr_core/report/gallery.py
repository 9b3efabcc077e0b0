"""A page on which a person looks through the pictures and verdicts of a cohort, the worst first, thousands if need be.

The page is one HTML file that needs no network and no server. Its pictures are files of their own, small, one beside
each subject's lungs, and are loaded as they come into view.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import Counter
from functools import partial
from importlib.resources import files
from pathlib import Path

import matplotlib.pyplot as plt
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from drasclr_core.anatomy.quality import VERDICTS, Quality, worst_first
from drasclr_core.anatomy.thumbnail import draw_thumbnail, has_thumbnail
from drasclr_core.cohort.subjects import image_path, read_subjects
from drasclr_core.files import atomic
from drasclr_core.imaging.refusal import without_name
from drasclr_core.progress import for_each
from drasclr_core.report.templates import render
from drasclr_core.run import Run

SHOWN_MEASURES = {
    "volume_l": ("lungs (l)", 1),
    "left_to_right": ("left / right", 2),
    "mean_hu": ("mean HU", 0),
    "slice_mm": ("slices (mm)", 1),
    "dice": ("Dice", 2),
    "landmarks_inside": ("landmarks inside", 2),
}
"""Measures on a card: their names there, and digits behind the point."""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!-?[A-Za-z\d])")
"""A measured number; "3-D" and "8-bit" are words."""


def write_gallery(run: Run, workers: int = 0) -> Path:
    """Writes the gallery of a cohort's quality, ``<cohort>/quality/index.html``.

    Thumbnails that are missing or out of date (``<sid>/thumbnail.webp``) are drawn first; a subject is drawn once.

    Parameters
    ----------
    run : Run
        A cohort whose lungs were looked for (stage 02); subjects without a verdict are shown as ``not done``.
    workers : int
        Processes that draw at the same time; 0 means one per core.

    Returns
    -------
    Path
        The page. It shows the pictures of its own cohort folder, so the folder can be moved as a whole.

    Raises
    ------
    FileNotFoundError
        Stage 01 has not been run for this cohort.
    """
    table = read_subjects(run)
    images = dict(zip(table["sid"], table["image"], strict=True))
    missing = [
        (sid, str(image_path(run, image)))
        for sid, image in images.items()
        if (run.anatomy(sid) / "quality.json").exists() and not has_thumbnail(run.anatomy(sid))
    ]
    if missing:
        for_each(partial(draw_thumbnail, anatomy_folder=run.anatomy_folder), missing, "thumbnails", workers)
    found = [(sid, quality, _thumbnail(run, sid).exists()) for sid, quality in worst_first(run)]
    with atomic(run.gallery) as temporary:
        temporary.write_text(_html(f"Quality of {run.name} · {run.cohort_name}", found, images), encoding="utf-8")
    return run.gallery


def contact_sheet(run: Run, count: int = 8) -> Figure:
    """Draws the thumbnails of the worst scans of a cohort that have one (see `write_gallery`), four in a row.

    The title of each, ``axes.get_title()``, is its subject and verdict, whatever the style of the page.
    """
    found = [(sid, quality) for sid, quality in worst_first(run) if _thumbnail(run, sid).exists()][:count]
    rows = max(1, math.ceil(len(found) / 4))
    fig, grid = plt.subplots(rows, 4, figsize=(9, 1.5 * rows), squeeze=False, layout="constrained")
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (sid, quality) in zip(grid.flat, found, strict=False):
        axes.imshow(Image.open(_thumbnail(run, sid)))
        axes.set_title(f"{sid}: {quality.verdict}", loc="center", fontsize="x-small", parse_math=False)
    return fig


def _thumbnail(run: Run, sid: str) -> Path:
    return run.anatomy(sid) / "thumbnail.webp"


def _html(title: str, found: list[tuple[str, Quality, bool]], images: dict[str, str]) -> str:
    """Returns the page. It runs its own script only (by its hash), and its texts are data, never markup."""
    script = files("drasclr_core.report").joinpath("templates/gallery.js").read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return render(
        "gallery.html", title=title, hash=f"sha256-{digest}", script=Markup(script), data=_data(found, images)
    )


def _data(found: list[tuple[str, Quality, bool]], images: dict[str, str]) -> dict:
    """Returns what the page's script reads; an entry is [sid, verdict, reasons, kinds of reason, measures, drawn]."""
    kinds = {sid: [reason_kind(reason, images[sid], sid) for reason in quality.reasons] for sid, quality, _ in found}
    names = [kind for kind, _ in Counter(kind for each in kinds.values() for kind in each).most_common()]
    number_of = {kind: number for number, kind in enumerate(names)}
    verdicts = [*VERDICTS, *sorted({quality.verdict for _, quality, _ in found} - set(VERDICTS))]
    return {
        "verdicts": verdicts,
        "kinds": names,
        "measures": list(SHOWN_MEASURES.values()),
        "entries": [
            [
                sid,
                verdicts.index(quality.verdict),
                quality.reasons,
                [number_of[kind] for kind in kinds[sid]],
                [_rounded(quality.measures.get(name), digits) for name, (_, digits) in SHOWN_MEASURES.items()],
                int(drawn),
            ]
            for sid, quality, drawn in found
        ],
    }


def reason_kind(reason: str, image: str, sid: str = "") -> str:
    """Returns what a reason has in common with those of other scans: without names, numbers and remedy.

    Examples
    --------
    >>> reason_kind("a.nii: values from 0 to 255 are 8-bit grey values, not HU. Export it again.", "scans/a.nii")
    'values from … to … are 8-bit grey values, not HU'
    """
    problem = reason.removeprefix(f"{sid}: ") if sid else reason
    problem = without_name(problem, image)
    return NUMBER.sub("…", problem).split(". ")[0].removesuffix(".")


def _rounded(value: float | None, digits: int) -> float | None:
    return round(float(value), digits) if value is not None and math.isfinite(value) else None
