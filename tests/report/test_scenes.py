import numpy as np
import pytest
from PIL import Image

from drasclr_core.report.scenes import can_render, render_scene
from drasclr_core.report.scenes.render import OPACITY, VEIL, opacity


def test_render_shows_every_structure_in_its_colour(tmp_path):
    if not can_render():
        pytest.skip("this machine cannot render off screen (no EGL)")
    x, y, z = np.indices((40, 40, 40)) - 20.0
    masks = {
        "lungs": (x**2 + y**2 + z**2 < 18**2).astype(np.uint8),
        "centrilobular": (x - 8) ** 2 + (y - 8) ** 2 + z**2 < 5**2,
        "paraseptal": np.zeros((40, 40, 40), bool),
    }
    render_scene(masks, np.diag([2.0, 2.0, 2.0, 1.0]), tmp_path / "scene.jpg", size=(200, 160))
    picture = np.asarray(Image.open(tmp_path / "scene.jpg")).astype(int)
    red = (picture[..., 0] > 120) & (picture[..., 0] > 1.5 * picture[..., 1])
    assert picture.shape == (160, 200, 3) and 50 < red.sum() < 0.5 * red.size
    # Radiological view: the subject's right (high x) is on the left of the picture.
    assert np.argwhere(red)[:, 1].mean() < 100


def test_disease_in_much_of_the_lungs_is_a_veil_and_hides_nothing():
    masks = {"lungs": np.ones((10, 10, 10)), "paraseptal": np.zeros((10, 10, 10)), "airways": np.ones((10, 10, 10))}
    masks["paraseptal"][:2] = 1
    assert opacity("paraseptal", masks) == OPACITY["paraseptal"] and opacity("airways", masks) == OPACITY["airways"]
    masks["paraseptal"][:3] = 2
    assert opacity("paraseptal", masks) == VEIL < 1
    assert opacity("paraseptal", {"paraseptal": masks["paraseptal"]}) == OPACITY["paraseptal"], "without lungs"
