"""The quality gallery in a real browser, opened as a file."""

import json

import pandas as pd
import pytest
from PIL import Image

from drasclr_core.anatomy.quality import judge
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.report.gallery import write_gallery
from drasclr_core.run import Run
from drasclr_core.pieces import mark_done

EVIL = "<img src=x onerror=window.broken=1><script>window.broken=1</script>"
COUNT = 120


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """120 subjects; the first 70 have small lungs, three of them a hostile reason, all but one a picture."""
    run = Run(str(tmp_path_factory.mktemp("runs") / "run"), "copd")
    sids = [f"P{number:03d}" for number in range(COUNT)]
    write_subjects(run, pd.DataFrame({"sid": sids, "image": "scan.nii.gz"}))
    for number, sid in enumerate(sids):
        measures = {"volume_l": 1.5 if number < 70 else 5.0, "dice": 0.9} | ({"error": EVIL} if number < 3 else {})
        judge(measures).save(run.anatomy(sid) / "quality.json")
        mark_done(run.anatomy(sid), "lungs", "key")
        mark_done(run.anatomy(sid), "thumbnail", "key", drawn=number != 3)
        if number != 3:
            Image.new("RGB", (320, 160), (number, 80, 0)).save(run.anatomy(sid) / "thumbnail.webp")
    return write_gallery(run, workers=1)


@pytest.fixture(params=[1280, 390])
def page(request, browser, gallery):
    page = browser.new_context(viewport={"width": request.param, "height": 844}).new_page()
    page.problems = []
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda sent: sent.url.startswith("file:") or page.problems.append(sent.url))
    # On a busy machine pictures that are out of sight again are given up; a missing file fails in another way.
    given_up = "net::ERR_ABORTED"
    page.on("requestfailed", lambda sent: sent.failure == given_up or page.problems.append(f"failed: {sent.url}"))
    page.goto(gallery.as_uri())
    yield page
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.problems == [] and page.evaluate("window.broken") is None
    page.context.close()


def shown(page):
    return page.locator("#entries h2 span:first-child").all_inner_texts()


def test_pages_and_keys(page):
    assert shown(page)[:3] == ["P000", "P001", "P002"] and len(shown(page)) == 50
    assert page.locator("#entries li").first.locator(".verdict").inner_text() == "refused"
    assert EVIL in page.locator("#entries li").first.inner_text()  # as text
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "page 3 of 3, 120 of 120" in page.locator("#where").inner_text() and len(shown(page)) == 20
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert "page 2 of 3" in page.locator("#where").inner_text()
    page.reload()
    assert "page 2 of 3" in page.locator("#where").inner_text()


def test_filters_and_search(page):
    page.select_option("#verdict", "review")
    assert "67 of 120" in page.locator("#where").inner_text()
    page.select_option("#reason", "lungs hold … l")
    page.select_option("#verdict", "")
    assert "70 of 120" in page.locator("#where").inner_text()
    page.fill("#search", "p11")
    assert shown(page) == []
    page.select_option("#reason", "")
    assert len(shown(page)) == 10
    page.keyboard.press("ArrowRight")  # a key in a field belongs to the field
    assert "page 1 of 1" in page.locator("#where").inner_text()


def test_pictures_load_as_they_come_into_view(page):
    pictures = page.locator("#entries img")
    width = "image => image.decode().then(() => image.naturalWidth)"
    assert pictures.first.evaluate(width) == 320
    if page.viewport_size["width"] == 390:
        assert pictures.last.evaluate("image => image.naturalWidth") == 0
    pictures.last.scroll_into_view_if_needed()
    assert pictures.last.evaluate(width) == 320
    assert page.locator("#entries div.picture").all_inner_texts() == ["no picture"]


def test_data_is_what_is_shown(page):
    entries = json.loads(page.locator("#data").text_content())["entries"]
    assert [entry[0] for entry in entries[:50]] == shown(page)
    page.fill("#search", entries[-1][0])
    numbers = page.locator("#entries li dl").inner_text().split()
    assert numbers == ["lungs", "(l)", "5.0", "Dice", "0.90"]
