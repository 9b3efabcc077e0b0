"""The gallery of a cohort: every scan, worst first, in one small page that runs nothing but its own script."""

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from drasclr_core.anatomy.quality import Quality, judge
from drasclr_core.anatomy.subject import find_lungs
from drasclr_core.anatomy.thumbnail import draw_thumbnail
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.imaging.volume import Volume, save_volume
from drasclr_core.report import gallery
from drasclr_core.report.gallery import contact_sheet, reason_kind, write_gallery
from drasclr_core.run import Run

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def chest():
    """A body with two lungs, 5 mm voxels."""
    x, y, z = (np.indices((76, 58, 62)).T * 5.0 - np.array([188, 142, 152])).T
    body, lungs = np.hypot(x / 180, y / 130) < 1, np.hypot(np.hypot((np.abs(x) - 75) / 55, y / 85), z / 120) < 1
    array = np.where(lungs, -850, np.where(body, 40, -1000)) + np.random.default_rng(0).normal(0, 15, x.shape)
    return Volume(array.astype(np.float32), np.diag([5.0, 5, 5, 1]))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A good scan, one without lungs, a broken file, a subject that stage 02 has not reached, and a careless name."""
    folder = tmp_path_factory.mktemp("scans")
    volume = chest()
    save_volume(folder / "good.nii.gz", volume)
    save_volume(folder / "solid.nii.gz", Volume(np.where(volume.array < -920, volume.array, 0), volume.affine))
    for name in ("broken", "<b>bold<b>"):
        (folder / f"{name}.nii.gz").write_bytes(b"no image at all")
    run = Run(str(tmp_path_factory.mktemp("runs") / "small"), "copd")
    images = {"good": "good", "solid": "solid", "broken": "broken", "evil": "<b>bold<b>", "later": "good"}
    table = pd.DataFrame({"sid": list(images), "image": [str(folder / f"{name}.nii.gz") for name in images.values()]})
    write_subjects(run, table)
    for sid, name in images.items():
        if sid != "later":
            find_lungs((sid, str(folder / f"{name}.nii.gz")), run.cohort / "anatomy", 5.0)
    return run


def read(page):
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return soup, json.loads(soup.select_one("#data").string)


def test_everybody_is_there_worst_first(run):
    page = write_gallery(run, workers=1)
    assert page == run.cohort / "quality" / "index.html"
    _, data = read(page)
    shown = [(entry[0], data["verdicts"][entry[1]], bool(entry[5])) for entry in data["entries"]]
    assert shown[0] == ("later", "not done", False)
    assert shown[-1] == ("good", "ok", True)
    assert set(shown[1:-1]) == {("broken", "refused", False), ("evil", "refused", False), ("solid", "refused", True)}
    good = data["entries"][-1]
    litres = Quality.load(run.anatomy("good") / "quality.json").measures["volume_l"]
    assert good[4][0] == round(litres, 1) and good[4][4] is None  # not aligned yet


def test_reasons_are_grouped_by_their_kind(run):
    _, data = read(write_gallery(run, workers=1))
    kinds = {entry[0]: [data["kinds"][kind] for kind in entry[3]] for entry in data["entries"]}
    assert kinds["broken"] == kinds["evil"] == ["damaged or incomplete NIfTI file"]
    assert kinds["solid"][0].startswith("no whole lungs: ")
    assert data["kinds"][0] == "damaged or incomplete NIfTI file"  # the most frequent one


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("lungs hold 1.3 l", "lungs hold … l"),
        ("a.nii: not one 3-D frame, but shape (9, 9). Save one.", "not one 3-D frame, but shape (…, …)"),
        ("a.nii: values from -1 to 1e-05 are 8-bit. Export.", "values from … to … are 8-bit"),
    ],
)  # fmt: skip
def test_kind_of_a_reason(reason, kind):
    assert reason_kind(reason, "../scans/a.nii") == kind
    assert reason_kind(reason.replace("a.nii", "P001"), "../scans/a.nii", "P001") == kind


def test_thumbnails_are_small_pictures_and_are_drawn_once(run):
    path = run.anatomy("good") / "thumbnail.webp"
    picture = np.array(Image.open(path).convert("RGB")).astype(int)
    assert picture.shape == (160, 320, 3) and path.stat().st_size < 20_000
    orange = (picture[..., 0] - picture[..., 2] > 40).nonzero()[1]
    blue = (picture[..., 2] - picture[..., 0] > 40).nonzero()[1]
    for left, right in ((0, 160), (160, 320)):  # in both slices the right lung is left of the left one
        inside = [side[(side >= left) & (side < right)] for side in (orange, blue)]
        assert inside[0].size > 40 and inside[1].size > 40 and inside[0].mean() < inside[1].mean()
    before = path.stat().st_mtime_ns
    write_gallery(run, workers=1)
    assert path.stat().st_mtime_ns == before


def test_lost_thumbnail_is_drawn_again_from_the_lungs(run):
    path = run.anatomy("good") / "thumbnail.webp"
    first = path.read_bytes()
    path.unlink()
    write_gallery(run, workers=1)
    assert path.read_bytes() == first


def test_unreadable_scan_is_not_read_for_a_thumbnail_every_time(run, monkeypatch):
    tried = []
    monkeypatch.setattr(gallery, "draw_thumbnail", lambda subject, **_: tried.append(subject[0]))
    write_gallery(run, workers=1)
    assert tried == []
    (run.anatomy("broken") / ".thumbnail.json").unlink()
    write_gallery(run, workers=1)
    assert tried == ["broken"]
    monkeypatch.undo()
    assert draw_thumbnail(("broken", "gone.nii.gz"), run.cohort / "anatomy") == {"sid": "broken", "drawn": False}


def test_page_needs_nothing_from_elsewhere_and_tells_no_path(run):
    soup, _ = read(write_gallery(run, workers=1))
    text = str(soup)
    assert not re.search(r"https?:|src=[\"']?/|/tmp|/home|scans/", text)
    assert not soup.select("script[src], link, iframe, [onclick], [onload], [onerror]")
    policy = soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy.split("script-src")[1]


def big_cohort(run, monkeypatch, count=9180):
    """`count` subjects of every verdict, among them texts that want to be markup."""
    rng = np.random.default_rng(0)
    found = [(EVIL, Quality("refused", [f"{EVIL}: {EVIL}. {EVIL}."], {"error": EVIL}))]
    for number in range(1, count):
        measures = {"volume_l": rng.uniform(0.5, 9), "left_to_right": rng.uniform(0.4, 1.4), "mean_hu": -800.123456}
        measures |= {"slice_mm": 1.25, "dice": rng.uniform(0.5, 0.97), "landmarks_inside": rng.uniform(0.6, 1)}
        found.append((f"COPDGene_{number:05d}", judge(measures)))
    table = pd.DataFrame({"sid": [sid for sid, _ in found], "image": ["scan.nii.gz"] * count})
    monkeypatch.setattr(gallery, "worst_first", lambda run: found)
    monkeypatch.setattr(gallery, "read_subjects", lambda run: table)
    return found


def test_a_whole_study_fits_into_one_page(tmp_path, monkeypatch):
    run = Run(str(tmp_path / "large"), EVIL.replace("/", "_"))
    found = big_cohort(run, monkeypatch)
    page = write_gallery(run, workers=1)
    assert page.stat().st_size < 5e6
    soup, data = read(page)
    assert len(data["entries"]) == 9180 and data["entries"][0][2] == found[0][1].reasons
    assert len(data["kinds"]) < 20
    assert len(soup.select("script")) == 2 and not soup.select("img")  # nobody's text became an element


def test_contact_sheet_shows_the_worst_that_have_a_picture(run):
    write_gallery(run, workers=1)
    with plt.rc_context({"axes.titlelocation": "left"}):  # the style of pages
        fig = contact_sheet(run)
    assert [axes.get_title() for axes in fig.axes if axes.images] == ["solid: refused", "good: ok"], "page 04 says them"
    plt.close(fig)
