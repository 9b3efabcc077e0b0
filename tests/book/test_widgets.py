"""What can be dragged in the course changes the numbers that it should, by mouse, touch and keyboard."""

from pathlib import Path

import numpy as np
import pytest

from drasclr_core.teach import show_widget

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "course.js"
Z = np.linspace(-1, 1, 5)
KERNEL = {"z": Z, "alpha": np.stack([Z / 2 + 0.5, 0.5 - Z / 2], axis=1), "kernel": Z[:, None, None] + np.eye(3),
          "ball": Z, "tube": -Z}  # fmt: skip
ANGLES = np.linspace(0, 2 * np.pi, 8, endpoint=False)
TEMPERATURE = {
    "temperature": [0.1, 1.0], "angle": ANGLES, "key": 1.0, "negative": [2.0, 4.0], "start": [0, 2],
    "loss": np.arange(16).reshape(2, 8), "push": np.ones((2, 8)), "positive_weight": np.full((2, 8), 0.2),
    "weight": np.stack([np.full((8, 2), [0.72, 0.08]), np.full((8, 2), [0.4, 0.4])]),
}  # fmt: skip


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda request: page.problems.append(request.url))
    yield page
    assert not page.problems, "a script error, or a request"
    context.close()


def opened(page, kind, data):
    page.set_content(f"<style>svg {{width: 360px}}</style>{show_widget(kind, data, 'What it shows.')._repr_html_()}")
    page.add_script_tag(content=SCRIPT.read_text())


def number(page, name):
    return page.locator(f"[data-number={name}]").inner_text()


def test_arrow_keys_move_the_location_and_its_kernel(page):
    opened(page, "kernel", KERNEL)
    assert (number(page, "ball"), number(page, "tube")) == ("0.00", "0.00")
    before = page.locator("svg").inner_html()
    page.locator("input").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert (number(page, "ball"), number(page, "tube")) == ("1.00", "\u22121.00")
    assert page.locator("svg").inner_html() != before and "1.00" in page.locator("svg text").all_text_contents()
    assert page.locator("input").get_attribute("aria-valuetext") == "1.00"
    assert page.locator("svg").get_attribute("aria-label") == "What it shows."


def test_temperature_shares_the_weight_and_the_query_can_be_dragged(page):
    opened(page, "temperature", TEMPERATURE)
    assert (number(page, "hardest"), number(page, "loss")) == ("90 %", "2.00")
    page.locator("input").first.press("ArrowRight")
    assert (number(page, "hardest"), number(page, "loss")) == ("50 %", "10.00")
    frame, handle = page.locator("svg").bounding_box(), page.locator(".course-handle").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    scale = frame["width"] / 460
    page.mouse.move(frame["x"] + 50 * scale, frame["y"] + 135 * scale)  # the left end of the circle
    page.mouse.up()
    assert number(page, "loss") == "12.00" and page.locator("output").last.inner_text() == "180°"
    page.mouse.move(frame["x"] + 250 * scale, frame["y"] + 135 * scale)
    assert number(page, "loss") == "12.00", "let go"


def test_without_the_script_the_text_is_there(page):
    page.set_content(show_widget("kernel", KERNEL, "What it shows.")._repr_html_())
    assert page.locator(".course-widget").inner_text().strip() == "What it shows."


def test_an_unknown_drawing_keeps_its_text(page):
    opened(page, "nothing", {})
    assert "What it shows." in page.locator(".course-widget").inner_text()
