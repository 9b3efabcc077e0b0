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

LUNG = {
    "aside": [-30, 0, 30], "up": [-60, 0, 60], "lungs": [[105, 160, 45, 105], [215, 160, 40, 95]],
    "landmark": np.full((3, 3, 1, 2), [140, 160]), "dice": np.arange(9).reshape(3, 3) / 10, "inside": np.arange(9).reshape(3, 3) / 8,
}  # fmt: skip
VIEW = {
    "gamma": [0.5, 1, 2], "shift": [-4, 0, 4], "noise": [0, 50], "picture": np.arange(18)[:, None, None] + np.zeros((18, 8, 8), int),
    "hu": -900 + np.arange(18), "similarity": np.stack([np.arange(18) / 20, np.full(18, 0.9)]),
    "others_hu": [-950, -800], "others": np.zeros((2, 2)),
}  # fmt: skip
AGE = {"age": [[[1, 4], [2, 5]], [[2, 5], [1, 3]]], "landmark": [0, 1], "batch": 8, "limit": [1, 3, 10**6]}
STRIDE = {"stride": [1, 4], "map": np.stack([np.eye(4) * 99, np.zeros((4, 4))]).astype(int), "exact": (np.eye(4) * 99).astype(int),
          "numbers": [[16, 0, 0, 1], [4, 0.25, 0.25, 0]]}  # fmt: skip


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


def drag(page, start, x, y, width):
    """Drags from the middle of an element to a place in the picture's own units."""
    frame, handle = page.locator("svg").bounding_box(), page.locator(start).bounding_box()
    scale = frame["width"] / width
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + x * scale, frame["y"] + y * scale)
    page.mouse.up()


def test_a_dragged_lung_takes_its_numbers_along(page):
    opened(page, "lung", LUNG)
    assert (number(page, "dice"), number(page, "inside")) == ("0.40", "50 %")
    drag(page, ".course-handle", 75, 225, 330)  # 30 mm to the left, 60 mm down
    assert (number(page, "dice"), number(page, "inside")) == ("0.00", "0 %")
    assert page.locator("output").all_text_contents() == ["\u221230 mm", "\u221260 mm"]
    assert page.locator("circle.course-orange").count() == 1, "the landmark is now beside the lung"
    page.locator("input").last.press("ArrowRight")
    assert number(page, "dice") == "0.10"


def test_sliders_change_the_view_and_both_similarities(page):
    opened(page, "view", VIEW)
    assert (number(page, "density"), number(page, "without"), number(page, "with")) == ("\u2212892 HU", "0.40", "0.90")
    before = page.locator("svg rect").first.get_attribute("fill")
    page.locator("input").first.press("ArrowRight")
    assert (number(page, "density"), number(page, "without")) == ("\u2212886 HU", "0.70")
    assert page.locator("svg rect").first.get_attribute("fill") != before
    page.locator("input").nth(1).press("ArrowLeft")
    page.locator("input").nth(2).press("ArrowRight")
    assert number(page, "without") == "0.65" and page.locator("output").all_text_contents() == ["2.0", "\u22124 mm", "50 HU"]


def test_keys_age_with_the_steps_and_the_limit_leaves_the_young(page):
    opened(page, "age", AGE)
    assert (number(page, "used"), number(page, "mean")) == ("16", "2.0")
    page.locator("input").first.press("ArrowLeft")
    assert (number(page, "used"), number(page, "mean")) == ("16", "2.5")
    page.locator("input").last.press("ArrowLeft")
    assert (number(page, "used"), number(page, "mean")) == ("8", "1.0") and "(4)" in page.locator("svg text").all_text_contents()
    assert page.locator("output").all_text_contents() == ["1", "3"]


def test_the_stride_changes_map_mask_and_numbers(page):
    opened(page, "stride", STRIDE)
    pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 2, 1).data]"
    assert (number(page, "patches"), number(page, "dice")) == ("4", "0.00")
    blank, wrong = (page.locator("canvas").nth(n).evaluate(pixels) for n in (0, 1))
    assert blank[:4] == blank[4:] and wrong[:4] == [140, 40, 0, 255] != wrong[4:]
    page.locator("input").press("ArrowLeft")
    assert (number(page, "patches"), number(page, "wrong"), number(page, "dice")) == ("16", "0.0 %", "1.00")
    assert page.locator("canvas").first.evaluate(pixels)[:4] != blank[:4]
    assert page.locator(".course-maps").get_attribute("aria-label") == "What it shows."


def test_without_the_script_the_text_is_there(page):
    page.set_content(show_widget("kernel", KERNEL, "What it shows.")._repr_html_())
    assert page.locator(".course-widget").inner_text().strip() == "What it shows."


def test_an_unknown_drawing_keeps_its_text(page):
    opened(page, "nothing", {})
    assert "What it shows." in page.locator(".course-widget").inner_text()
