"""The interactive 3D view in a real browser: it draws, it turns, it asks for nothing from anywhere."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from drasclr_core.report.scenes.page import interactive, write_scene_page

ALT = 'Lungs <of> a "phantom" with a red ball'


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Two lungs, a centrilobular ball in the subject's right one, and a still picture beside the page."""
    folder = tmp_path_factory.mktemp("scene")
    x, y, z = np.indices((60, 40, 50)).astype(float)
    lungs = ((x - 17) / 14) ** 2 + ((y - 20) / 15) ** 2 + ((z - 25) / 21) ** 2 < 1
    lungs |= ((x - 43) / 14) ** 2 + ((y - 20) / 15) ** 2 + ((z - 25) / 21) ** 2 < 1
    ball = (x - 43) ** 2 + (y - 20) ** 2 + (z - 32) ** 2 < 36
    structures = {"lungs": lungs, "centrilobular": ball, "paraseptal": np.zeros_like(ball), "unknown": ball}
    write_scene_page(structures, np.diag([4.0, 4.0, 4.0, 1.0]), folder / "scene.html", ALT, triangles=3000)
    Image.new("RGB", (100, 70), "#204060").save(folder / "scene.jpg")
    return folder


@pytest.fixture
def page(browser):
    """A page that may only read files, and says what went wrong in `page.problems`."""
    context = browser.new_context(viewport={"width": 700, "height": 490})
    page = context.new_page()
    page.problems = []

    def refuse(route, request):
        if request.url.startswith(("file:", "data:")):
            return route.continue_()
        page.problems.append(request.url)
        return route.abort()

    page.route("**/*", refuse)
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    assert page.problems == []
    context.close()


def drawn(frame) -> np.ndarray:
    """Pixels [height, width, 3] of the canvas, once it has drawn."""
    canvas = frame.locator("canvas")
    canvas.wait_for()
    frame.locator("body").evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    data = canvas.evaluate("canvas => canvas.toDataURL()").split(",")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)


def red(picture):
    return (picture[..., 0] > 90) & (picture[..., 0] > 1.4 * picture[..., 1])


def test_it_draws_lungs_and_disease_where_they_are(page, scene):
    page.goto((scene / "scene.html").as_uri())
    picture = drawn(page)
    background = np.abs(picture - picture[2, 2]).max(axis=2) < 8
    assert 0.15 < (~background).mean() < 0.8, "the lungs should fill a good part of the view and leave a margin"
    edges = np.concatenate([background[0], background[-1], background[:, 0], background[:, -1]])
    assert edges.mean() > 0.95, "the lungs are cut off"
    up, across = np.nonzero(red(picture))
    assert 0.001 < red(picture).mean() < 0.1
    # The subject's right lung (high x) is on the viewer's left, and the ball above its middle.
    assert across.mean() < picture.shape[1] / 2 and up.mean() < picture.shape[0] / 2
    assert page.locator("canvas").get_attribute("aria-label") == ALT
    assert [tick.inner_text().strip() for tick in page.locator("label").all()] == ["lungs", "centrilobular"]


def test_ticks_choose_what_is_drawn(page, scene, tmp_path):
    page.goto((scene / "scene.html").as_uri())
    first = drawn(page)
    page.locator("input").nth(1).uncheck()
    assert not red(drawn(page)).any()
    page.locator("input").nth(1).check()
    assert np.abs(drawn(page) - first).max() < 8
    ball = np.zeros((20, 20, 20), bool)
    ball[5:15, 5:15, 5:15] = True
    write_scene_page({"lungs": ball, "centrilobular": ball}, np.eye(4), tmp_path / "b.html", ALT, ("centrilobular",))
    page.goto((tmp_path / "b.html").as_uri())
    assert not red(drawn(page)).any()
    page.locator("input").nth(1).check()
    assert red(drawn(page)).any()


def test_it_turns_and_zooms_by_mouse_and_keys_and_resets(page, scene):
    page.goto((scene / "scene.html").as_uri())
    first = drawn(page)
    page.mouse.move(350, 245)
    page.mouse.down()
    page.mouse.move(350 + 471, 245)  # half a turn
    page.mouse.up()
    turned = drawn(page)
    assert np.nonzero(red(turned))[1].mean() > first.shape[1] / 2, "from behind, the right lung is on the right"
    page.mouse.dblclick(350, 245)
    assert np.abs(drawn(page) - first).max() < 8
    page.locator("canvas").press("+")
    assert red(drawn(page)).sum() > 1.1 * red(first).sum()
    page.locator("canvas").press("ArrowUp")
    page.mouse.wheel(0, 2000)
    assert red(drawn(page)).sum() < red(first).sum()


def test_in_a_page_it_is_a_picture_until_it_is_asked_for(page, scene, tmp_path):
    html = interactive(scene / "scene.html", scene / "scene.jpg", ALT)
    (tmp_path / "book.html").write_text(f"<!doctype html><meta charset='utf-8'><body>{html}</body>", encoding="utf-8")
    page.goto((tmp_path / "book.html").as_uri())
    assert page.locator("img").get_attribute("alt") == ALT
    assert page.locator("img").evaluate("i => i.decode().then(() => i.naturalWidth)") == 100
    assert page.locator("iframe").count() == 0
    page.locator("button").click()
    page.locator("iframe").wait_for()
    frame = page.frame_locator("iframe").owner.element_handle().content_frame()
    assert red(drawn(frame)).mean() > 0.001
    assert page.locator("iframe").get_attribute("title") == ALT
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    with pytest.raises(ValueError, match="no alternative text"):
        interactive(scene / "scene.html", scene / "scene.jpg", " ")


def test_nothing_to_show_is_refused_and_leaves_no_page(tmp_path):
    with pytest.raises(ValueError, match=r"view\.html: all masks are empty"):
        write_scene_page({"lungs": np.zeros((4, 4, 4))}, np.eye(4), tmp_path / "view.html", ALT)
    assert not (tmp_path / "view.html").exists()
