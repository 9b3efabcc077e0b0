"""The report on one scan, from a description made by hand: its words follow its numbers, and names stay text."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup

from drasclr_core.anatomy.quality.verdict import Quality
from drasclr_core.describe import report as ct_report
from drasclr_core.describe.among_cohort import place_among
from drasclr_core.describe.description import Description, mask_file
from drasclr_core.describe.figures import cohort_figure, density_figure, slices_figure
from drasclr_core.describe.report import section, write_report
from drasclr_core.describe.thirds import lung_thirds, regional_table
from drasclr_core.imaging.volume import save_mask

from ..imaging.scan_files import whole_chest

EVIL = "<img src=x onerror=alert(1)>"
MADE = {"run": EVIL, "cohort": "copd", "simulated": True, "preset": "smoke", "method": "drasclr", "encoder": "abc",
        "detector": "drasclr_finetuned", "spacing_mm": 4.0, "patch_size": 8, "subject": None,
        "code": {"sha": "0123", "dirty": False}, "versions": {"torch": "2", "numpy": "2"}}  # fmt: skip
MAP = {"stride": 4, "evaluations": 1234, "seconds": 5.0, "clipped": 7, "found": 0.41, "healthy": 0.018,
       "true_pct": None,
       "error": {"voxels": 300, "mean": 0.012, "decisions": 0.01, "decisions_interval": [0.002, 0.03]}}  # fmt: skip


@pytest.fixture(scope="module")
def scan():
    """Two ellipsoids; the right one's lower part is emphysema."""
    volume = whole_chest()
    lungs = np.where(volume.array < -500, 1 + (np.indices(volume.array.shape)[0] < 50), 0).astype(np.uint8)
    x, y, z = np.indices(lungs.shape)
    lungs[np.hypot(x - 49.5, y - 37.5) > 44] = 0  # air round the body
    volume.array[(lungs == 1) & (z < 30)] -= 110
    return SimpleNamespace(volume=volume, lungs=lungs, mask=(lungs == 1) & (z < 30))


@pytest.fixture
def found(scan, tmp_path):
    rng = np.random.default_rng(0)
    masks = {"centrilobular": scan.mask, "paraseptal": np.zeros_like(scan.mask)}
    for name, mask in masks.items():
        save_mask(tmp_path / mask_file(name), mask, scan.volume.affine)
    return Description(
        folder=tmp_path,
        name="ct-1",
        quality=Quality("review", [f"scan: {EVIL}"], {"right_l": 2.0, "left_l": 1.9, "dice": 0.9}),
        made=MADE,
        regions=regional_table(scan.volume.array, scan.lungs, 64.0, masks),
        maps=dict.fromkeys(masks, MAP),
        place=place_among(np.full(8, 9.0), rng.normal(size=(30, 8)), 61.0),
        cohort=pd.DataFrame({"sid": [str(k) for k in range(30)], "LAA950_pct": rng.uniform(0, 5, 30)}),
    )


def page(found, scan, monkeypatch, renders=False):
    monkeypatch.setattr(ct_report, "can_render", lambda: renders)
    monkeypatch.setattr(
        ct_report, "figure_html", lambda fig, alt, kind: Markup('<img src="data:," alt="{}">').format(alt)
    )
    write_report(found, scan)
    return BeautifulSoup(found.report.read_text(encoding="utf-8"), "html.parser")


def test_words_follow_numbers(found, scan, monkeypatch):
    soup = page(found, scan, monkeypatch)
    text = " ".join(soup.text.split())
    assert "unlike every subject" in soup.select_one(".warning").text
    assert soup.select_one("section p").text.startswith("Verdict: review. Something") and "cube of 32 mm" in text
    assert "61 % of the landmarks" in text and "30 simulated subjects" in text
    rows = {row.select_one("td").text: row.text for row in soup.select(".words tr")}
    whole = found.whole
    assert f"{whole['laa950_pct']:.1f} %" in rows["LAA-950"] and "more than 100 %" in rows["LAA-950"]
    assert f"{whole['centrilobular_pct']:.1f} %" in rows["Detected: centrilobular"]
    assert "nothing detected" in rows["Detected: paraseptal"] and "doubt the detector" in text
    cells = [[cell.text for cell in row.select("td")] for row in soup.select("table:not(.words) tbody tr")]
    assert len(cells) == 12 and {len(row) for row in cells} == {8}
    assert cells[2][0] == f"{found.regions['lung_ml'][2]:,.0f}"
    assert "1.0 % of the decisions (95 % interval 0.2 to 3.0 %)" in text


def test_texts_are_never_markup(found, scan, monkeypatch):
    soup = page(found, scan, monkeypatch)
    assert EVIL in soup.text and not soup.select("[onerror]") and not soup.select("[src=x]")


def test_a_scan_like_the_cohort_is_not_warned_of(found, scan, monkeypatch):
    place = place_among(np.zeros(8), np.random.default_rng(0).normal(size=(30, 8)))
    soup = page(Description(**vars(found) | {"place": place}), scan, monkeypatch)
    assert "clinical" in soup.select_one(".warning").text and "unlike" not in soup.select_one(".warning").text
    assert "nan" not in soup.text
    headings = [title.text for title in soup.select("h2")]
    assert len(headings) == len(set(headings)) == 8 and "<h2>" not in section("numbers", found)


def test_the_view_in_three_dimensions_is_inside(found, scan, monkeypatch):
    def still(structures, affine, path, size):
        assert structures["centrilobular"].any() and structures["lungs"].any()
        path.write_bytes(b"picture")

    monkeypatch.setattr(ct_report, "render_scene", still)
    monkeypatch.setattr(ct_report, "write_scene_page", lambda structures, affine, path, title: path.write_text(title))
    view = page(found, scan, monkeypatch, renders=True).select_one(".scene")
    assert view.button and "paraseptal" not in view.img["alt"]  # nothing was detected
    assert view["data-page"] and "centrilobular" in view.img["alt"]
    assert {"view_3d.html", "view_3d.jpg"} <= set(found.files())
    view = page(found, scan, monkeypatch, renders=False)  # an older view is not kept
    assert not view.select(".scene") and "cannot render" in view.text and "view_3d.jpg" not in found.files()


def test_pictures_show_what_was_detected(scan):
    for axis in (1, 2):
        fig, alt = slices_figure(scan.volume, scan.lungs, {"centrilobular": scan.mask}, axis)
        assert len(fig.axes) == 6 and f"{100 * scan.mask[scan.lungs > 0].mean():.1f} %" in alt
        plt.close(fig)
    fig, alt = slices_figure(scan.volume, scan.lungs, {}, 1)
    assert len(fig.axes) == 3 and "detected" not in alt
    plt.close(fig)


def test_a_cohort_without_laa(found):
    bare = Description(**vars(found) | {"cohort": found.cohort[["sid"]]})
    fig, alt = cohort_figure(bare)
    assert len(fig.axes) == 2 and "LAA" not in alt and bare.laa_percentile is None
    plt.close(fig)


def test_histogram_says_what_it_shows(found, scan):
    fig, alt = density_figure(scan.volume.array[scan.lungs > 0], found.whole)
    drawn = {patch.get_x(): patch.get_height() for patch in fig.axes[0].patches}
    assert sum(drawn.values()) == pytest.approx(100)
    assert sum(height for x, height in drawn.items() if x < -950) == pytest.approx(found.whole["laa950_pct"], abs=0.1)
    assert f"{found.whole['mean_hu']:.0f} HU" in alt
    plt.close(fig)


def test_thirds_are_of_each_lungs_own_height(scan):
    lungs = np.zeros((4, 3, 12), np.uint8)
    lungs[2:, :, 3:12], lungs[:2, :, 0:6] = 1, 2
    numbers = lung_thirds(lungs)
    assert [list(np.unique(numbers[3, :, k])) for k in (0, 3, 5, 6, 9, 11)] == [[0], [3], [3], [2], [1], [1]]
    assert [int(numbers[0, 0, k]) for k in (0, 2, 4, 6)] == [6, 5, 4, 0]
    table = regional_table(scan.volume.array, scan.lungs, 64.0, {"centrilobular": scan.mask}).set_index(
        ["side", "third"]
    )
    assert (
        table.loc[("right", "lower"), "centrilobular_pct"] > 90 > 5 > table.loc[("left", "whole"), "centrilobular_pct"]
    )
    assert table.loc[("both", "whole"), "centrilobular_laa950_pct"] > 60


def test_a_lung_without_voxels_has_no_shares():
    lungs = np.zeros((4, 4, 6), np.uint8)
    lungs[0] = 2
    table = regional_table(np.full(lungs.shape, -900.0), lungs, 1.0, {}).set_index(["side", "third"])
    right, left = table.loc[("right", "whole")], table.loc[("left", "upper")]
    assert right["lung_ml"] == 0 and np.isnan(right["laa950_pct"]) and np.isnan(right["mean_hu"])
    assert left["lung_ml"] == pytest.approx(0.008) and left["laa950_pct"] == 0 and left["perc15_hu"] == -900
