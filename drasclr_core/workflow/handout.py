"""The handout of the course: two pages of paper with each chapter's picture and its three lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from markupsafe import Markup
from nbformat import NotebookNode

from drasclr_core.report import render
from drasclr_core.workflow.small_html import html_of, pictures_of, text_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 120


def handout(chapters: list[NotebookNode]) -> Markup:
    """Returns the handout of executed chapters as one HTML file that prints on two pages of A4."""
    return render("handout.html", chapters=[_part(chapter) for chapter in chapters])


def _part(chapter: NotebookNode) -> dict:
    text = text_of(chapter)
    title, lines = text.partition("# ")[2].partition("\n")[0], text.partition("## In three lines")[2]
    return {
        "title": html_of(title, inline=True),
        "lines": html_of(lines),
        "picture": next(iter(pictures_of(chapter)), ""),
    }


def print_pdf(page: Path, pdf: Path) -> str:
    """Prints an HTML file as a PDF by headless Chromium; returns why there is none, an empty text where there is one.

    The browser is that in the variable ``CHROMIUM``, or the first that is found (`BROWSERS`).
    """
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    by_hand = f"open {page.name} in a browser and print it"
    if browser is None:
        return f"no Chromium or Chrome is installed: install one, set CHROMIUM to its path, or {by_hand}"
    with tempfile.TemporaryDirectory() as profile:
        how = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        how += [f"--user-data-dir={profile}", "--no-pdf-header-footer", f"--print-to-pdf={pdf.resolve()}"]
        try:
            done = subprocess.run(
                [browser, *how, page.resolve().as_uri()], capture_output=True, text=True, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{Path(browser).name} did not print it ({type(error).__name__}): {by_hand}"
    if done.returncode or not pdf.exists():
        return f"{Path(browser).name} did not print it (exit status {done.returncode}): {by_hand}"
    return ""
