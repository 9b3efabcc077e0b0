"""One scan through a trained run: whole, aligned, once, in one folder, and without a word about who it is."""

import re
import shutil
import warnings
from collections import defaultdict
from dataclasses import asdict

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
import zarr
from bs4 import BeautifulSoup
from markupsafe import Markup
from scipy.ndimage import map_coordinates

from drasclr_core.anatomy.quality.verdict import Quality
from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.phantom.simulate import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.cohort.phantom.truth import save_truth
from drasclr_core.cohort.subjects import read_subjects, write_subjects
from drasclr_core.describe import describe_scan, example_subject, scan_folder, section
from drasclr_core.describe import scan as describe_module
from drasclr_core.describe.__main__ import main
from drasclr_core.describe.among_cohort import compare_with_cohort, odd_share, place_among
from drasclr_core.detect.detector.detector import FOLDS_FILE
from drasclr_core.detect.maps.truth import true_shares
from drasclr_core.detect.verdict.verdict import write_verdicts
from drasclr_core.files import write_json
from drasclr_core.methods import load_encoder
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import file_fingerprint
from drasclr_core.run import Run

from ..imaging.bad_scans import BAD
from ..imaging.scan_files import phantom, write_series
from ..imaging.test_leaks import TELLING, WORDS
from .trained_run import REP_DIM, SUBJECTS, make_run, verdict_on

QUICK = {"stride": 8, "block": 16, "check": 20}
PERSON = "Zyxwvut_MRN4711"


@pytest.fixture(scope="module", autouse=True)
def _no_rendering():
    """Whether this machine renders is asked in a process of its own, which takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drasclr_core.describe.report.can_render", lambda: False)
        yield


@pytest.fixture
def _plain(monkeypatch):
    """Reports without pictures, for tests of other things."""
    monkeypatch.setattr("drasclr_core.describe.report._pictures", lambda found, scan: defaultdict(Markup))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The phantom under a telling name, stored head first and left to right."""
    path, volume = tmp_path_factory.mktemp(PERSON) / f"{PERSON}.nii.gz", phantom()
    turn = np.diag([-1.0, 1, -1, 1])
    turn[[0, 2], 3] = [size - 1 for size in volume.array.shape[::2]]
    nib.save(nib.Nifti1Image(volume.array[::-1, :, ::-1].astype(np.int16), volume.affine @ turn), path)
    return path


@pytest.fixture(scope="module")
def found(run, image, tmp_path_factory):
    return describe_scan(image, run, tmp_path_factory.mktemp("out") / "one", sid="P0", name="mine", **QUICK)


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_everything_is_in_one_folder(found):
    maps = [f"{subtype}_{kind}.nii.gz" for subtype in SUBTYPES for kind in ("mask", "probability")]
    others = ["affine.json", "image.parquet", "landmarks.npy", "landmarks.parquet", "lungs.nii.gz", "quality.json",
              "regions.csv", "report.html", "summary.json", "thumbnail.webp"]  # fmt: skip
    assert found.files() == sorted(maps + others)
    assert not found.refused and found.name == "mine"


def test_maps_open_aligned_with_the_scan(found, image):
    """Through the scan's own file, stored in another order: what the maps call lung is dark there."""
    scan, lungs = nib.load(image), nib.load(found.folder / "lungs.nii.gz")
    inside = np.argwhere(np.asarray(lungs.dataobj) > 0)
    voxels = nib.affines.apply_affine(np.linalg.inv(scan.affine) @ lungs.affine, inside)
    hu = map_coordinates(np.asarray(scan.dataobj, dtype=np.float32), voxels.T, order=1)
    assert np.median(hu) < -750
    for subtype in SUBTYPES:
        probability, mask = (nib.load(found.folder / f"{subtype}_{kind}.nii.gz") for kind in ("probability", "mask"))
        values, chosen = np.asarray(probability.dataobj), np.asarray(mask.dataobj) > 0
        np.testing.assert_array_equal(probability.affine, lungs.affine)
        np.testing.assert_array_equal(mask.affine, lungs.affine)
        assert values[chosen].min() >= 0.498 and values[~chosen].max() < 0.502 and values.max() <= 1
        assert not chosen[np.asarray(lungs.dataobj) == 0].any()


def test_volumes_add_up(found):
    table = found.regions.set_index(["side", "third"])
    for column in [name for name in table if name.endswith("_ml")]:
        for side in ("right", "left", "both"):
            assert table.loc[side].loc[["upper", "middle", "lower"], column].sum() == pytest.approx(
                table.loc[(side, "whole"), column], rel=1e-4, abs=1e-3
            )
        whole = table.loc[("right", "whole"), column] + table.loc[("left", "whole"), column]
        assert whole == pytest.approx(found.whole[column], rel=1e-4, abs=1e-3)
    lungs = np.asarray(nib.load(found.folder / "lungs.nii.gz").dataobj)
    assert found.whole["lung_ml"] == pytest.approx(np.count_nonzero(lungs) * 0.064, rel=1e-4)
    for subtype in SUBTYPES:
        mask = np.asarray(nib.load(found.folder / f"{subtype}_mask.nii.gz").dataobj)
        assert found.whole[f"{subtype}_ml"] == pytest.approx(mask.sum() * 0.064, rel=1e-4)


def test_features_are_those_of_a_cohort(found, run):
    """At a landmark as `patch_features` sees it: the centre of a larger patch from the store."""
    from drasclr_core.anatomy.extraction import extract_patches
    from drasclr_core.imaging.volume import load_volume
    from drasclr_core.model import Encoder
    from drasclr_core.model.inputs import center_views

    encoder, table = Encoder.from_pretrained(run.pretrain()), found.landmarks
    volume = load_volume(run.images / "P0.nii.gz", 4.0)
    patches, _ = extract_patches(volume, table[["x", "y", "z"]].to_numpy(), 14)
    for row in (0, len(table) // 2, len(table) - 1):
        location = torch.tensor(table.loc[row, ["atlas_x", "atlas_y", "atlas_z"]].to_numpy(dtype=np.float32))
        with torch.inference_mode():
            expected = encoder(center_views(torch.from_numpy(patches[[row]]), 8)[:, None], location)[0].numpy()
        np.testing.assert_allclose(table.filter(like="h0").loc[row], expected, rtol=1e-4, atol=1e-5)
    image_level = pd.read_parquet(found.folder / "image.parquet")
    joined = pd.concat([pd.read_parquet(run.features() / "image.parquet"), image_level])
    assert list(image_level["sid"]) == ["mine"] and not joined.isna().any().any()
    np.testing.assert_allclose(image_level.iloc[0, 1:].astype(float), table.filter(like="h0").mean(), rtol=1e-4)
    assert table["inside_lungs"].between(0, 1).all() and table["inside_lungs"].max() > 0.5


def test_compared_with_all_but_itself(found):
    assert len(found.place.points) == SUBJECTS - 1 and "P0" not in set(found.cohort["sid"])
    assert found.laa_percentile == pytest.approx(100 * (found.cohort["LAA950_pct"] < found.whole["laa950_pct"]).mean())


def test_nothing_is_done_twice(found, run, image, monkeypatch):
    before = stamps(found.folder)
    monkeypatch.setattr(scan_folder, "load_volume", lambda *_: pytest.fail("the scan was read again"))
    again = describe_scan(image, run, found.folder, sid="P0", name="mine", **QUICK)
    assert stamps(found.folder) == before
    assert again.summary() == found.summary()


def test_a_lost_piece_alone_is_made_again(found, run, image):
    lost, kept = found.folder / "paraseptal_mask.nii.gz", found.folder / "centrilobular_mask.nii.gz"
    before, stamp = np.asarray(nib.load(lost).dataobj), kept.stat().st_mtime_ns
    lost.unlink()
    describe_scan(image, run, found.folder, sid="P0", name="mine", **QUICK)
    np.testing.assert_array_equal(np.asarray(nib.load(lost).dataobj), before)
    assert kept.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("fault", ["crop round the heart", "half a compressed NIfTI", "normalised to 0..1"])
def test_a_refused_scan_gets_a_report_and_nothing_is_lost(fault, run, tmp_path, capsys, monkeypatch):
    bad = BAD[fault]
    image = tmp_path / f"{PERSON}_{bad.file}"
    bad.make(image)
    before = file_fingerprint(run.folder)
    monkeypatch.setattr("sys.argv", ["describe", str(image), "--run", str(run.folder), "--out", str(tmp_path / "out")])
    main()
    assert "refused" in capsys.readouterr().out and file_fingerprint(run.folder) == before
    quality = Quality.load(tmp_path / "out/quality.json")
    text = (tmp_path / "out/report.html").read_text()
    assert quality.verdict == "refused" and bad.message in text and PERSON not in text
    assert not list((tmp_path / "out").glob("*.parquet")) + list((tmp_path / "out").glob("*mask*"))


@pytest.mark.usefixtures("_plain")
def test_another_scan_in_the_same_folder_leaves_nothing_of_the_first(found, run, image, tmp_path):
    bad = tmp_path / "bad.nii.gz"
    BAD["crop round the heart"].make(bad)
    folder = tmp_path / "out"
    first = describe_scan(image, run, folder, subtypes=(), sid="P0")
    assert not first.refused and set(first.files()) < set(found.files())
    (folder / "paraseptal_mask.nii.gz").write_bytes(b"a map of the first")
    assert describe_scan(bad, run, folder).refused
    assert set(path.name for path in folder.glob("[!.]*")) == {
        "quality.json", "report.html", "summary.json", "thumbnail.webp"}  # fmt: skip
    again = describe_scan(image, run, folder, subtypes=(), sid="P0")
    pd.testing.assert_frame_equal(again.landmarks, found.landmarks)


def test_nothing_tells_who_it_is(run, tmp_path):
    """Neither names of files and folders nor the DICOM header, in any file."""
    volume = phantom()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, about names
        series = write_series(tmp_path / PERSON, volume.array, np.diag([-1.0, -1, 1, 1]) @ volume.affine, **TELLING)
    found = describe_scan(series, run, subtypes=())
    assert not found.refused and re.fullmatch("ct-[0-9a-f]{8}", found.name)
    assert found.folder == run.cohort / "your_ct" / found.name
    for file in found.folder.iterdir():
        content = file.read_bytes()
        leak = re.search(f"{WORDS}|{tmp_path}|{run.folder}".encode(), content, re.IGNORECASE)
        assert not leak, f"{file.name} holds {leak[0]!r}"


def test_report_needs_no_network_and_no_sight(found):
    soup = BeautifulSoup(found.report.read_text(encoding="utf-8"), "html.parser")
    targets = [tag.get("src") or tag.get("href") for tag in soup.select("[src], [href]")]
    assert targets and all(target.startswith("data:") or target in found.files() for target in targets)
    assert not re.search(r"url\(|@import|//\w+\.\w+", str(soup.style)) and not soup.select("script[src], link, form")
    assert "default-src 'none'" in soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
    assert len(soup.select("img")) >= 4 and all(len(picture["alt"]) > 30 for picture in soup.select("img"))
    assert "Not for clinical use" in soup.text and "simulated phantoms" in soup.text


@pytest.mark.usefixtures("_plain")
def test_the_scan_is_aligned_as_the_cohort_was(run, image, tmp_path, monkeypatch):
    modes = []
    monkeypatch.setattr(
        describe_module, "judge_scan", lambda scan, atlas, mode, seed: modes.append(mode) or Quality("refused")
    )
    describe_scan(image, run, tmp_path / "before")
    monkeypatch.setattr(describe_module, "stage_record", lambda run, stage: tmp_path / f"{stage}.json")
    write_json(tmp_path / "04_registration.json", {"parameters": {"mode": "authors"}})
    describe_scan(image, run, tmp_path / "after")
    assert modes == ["fast", "authors"]


@pytest.mark.usefixtures("_plain")
def test_a_run_that_is_not_finished(run, image, tmp_path, monkeypatch):
    """Without detectors or features the rest is there, and the report says what is missing."""
    monkeypatch.setattr(type(run), "features", lambda self, method="drasclr": self.cohort / "nowhere")
    found = describe_scan(image, run, tmp_path / "out", detector="none")
    assert found.place is None and found.cohort is None and not found.maps and "20_emphysema" in found.missing_maps
    assert "20_emphysema" in section("numbers", found) and len(found.regions) == 12


@pytest.mark.usefixtures("_plain")
def test_a_detector_no_better_than_chance_draws_nothing_and_the_report_says_why(run, image, tmp_path):
    """One subtype is drawn as always, of the other there is neither a map nor a share."""
    verdicts = [verdict_on("centrilobular", sees=True), verdict_on("paraseptal", sees=False)]
    write_verdicts(run, "drasclr_finetuned", verdicts)
    try:
        found = describe_scan(image, run, tmp_path / "out", **QUICK)
    finally:
        write_verdicts(run, "drasclr_finetuned", [verdict_on(subtype, sees=True) for subtype in SUBTYPES])
    assert list(found.maps) == ["centrilobular"] and "centrilobular_pct" in found.regions
    assert not [name for name in (*found.files(), *found.regions) if "paraseptal" in name]
    assert found.missing_maps == verdicts[1].sentence() and "0.31" in found.missing_maps
    text = found.report.read_text()
    assert "Paraseptal emphysema is not drawn and no share of it is given" in text
    assert "Detected: centrilobular" in text and "Detected: paraseptal" not in text
    assert "find 40 % of the places that were annotated as ill, miss 60 %" in " ".join(text.split())
    assert "True: " not in text, "nothing is known of a scan from outside"


@pytest.mark.usefixtures("_plain")
def test_of_a_phantom_of_the_cohort_the_true_share_stands_beside_the_detected_one(run, tmp_path):
    save_truth(run.truth / "P0.nii.gz", simulate(draw_traits(1, 0), 1, 0, 4.0))
    found = describe_scan(run.images / "P0.nii.gz", run, tmp_path / "out", sid="P0", **QUICK)
    truth = true_shares(run, "P0")
    (run.truth / "P0.nii.gz").unlink()
    assert {name: facts["true_pct"] for name, facts in found.maps.items()} == {
        name: pytest.approx(100 * truth[name]) for name in SUBTYPES
    }
    for name in SUBTYPES:
        row = BeautifulSoup(section("numbers", found), "html.parser").find("td", string=f"True: {name}").parent
        assert row.find_all("td")[1].text == f"{100 * truth[name]:.1f} %"


def test_other_folders_are_left_alone(run, image, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="other files"):
        describe_scan(image, run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_is_wrong_is_said_before_anything_is_written(run, image, tmp_path, monkeypatch):
    out = tmp_path / "out"
    for problem, error, how in (
        ("no such file", FileNotFoundError, {"image": tmp_path / "absent.nii.gz"}),
        ("letters, digits", ValueError, {"name": "<b>../me"}),
        ("subtype", ValueError, {"subtypes": ("panlobular",)}),
        ("06_pretrain", FileNotFoundError, {"method": "absent"}),
    ):
        with pytest.raises(error, match=problem):
            describe_scan(**{"image": image, "run": run, "out": out} | how)
    monkeypatch.setattr("sys.argv", ["describe", str(tmp_path / "absent.nii.gz"), "--run", str(run.folder)])
    with pytest.raises(SystemExit, match=r"absent\.nii\.gz: no such file"):
        main()
    for name, cohort, message in (
        ("tinny", "copd", f"No run 'tinny' in {run.folder.parent.name}/: did you mean 'tiny'?"),
        ("tiny", "copdd", "No cohort 'copdd' in tiny/: did you mean 'copd'?"),
        ("tiny", "mosmed", "No cohort 'mosmed' in tiny/: known are copd."),
    ):
        misspelt = str(run.folder.with_name(name))
        monkeypatch.setattr("sys.argv", ["describe", str(image), "--run", misspelt, "--cohort", cohort])
        with pytest.raises(SystemExit, match=f"^{re.escape(message)}$"):
            main()
    assert not out.exists()


def test_encoder_of_another_atlas_is_refused(run, image, tmp_path, monkeypatch):
    atlas = describe_module.Atlas.load(run.atlas)
    other = describe_module.Atlas(**asdict(atlas) | {"corners": atlas.corners[1:]})
    monkeypatch.setattr(describe_module.Atlas, "load", lambda folder: other)
    with pytest.raises(ValueError, match="other landmarks"):
        describe_scan(image, run, tmp_path / "out")


def test_example_has_much_disease_and_no_detector_was_trained_on_it(run):
    with pytest.raises(FileNotFoundError, match="04_registration"):
        example_subject(run)
    table = read_subjects(run).sort_values("LAA950_pct")
    for sid in table["sid"]:
        Quality("refused" if sid == table["sid"].iloc[-1] else "ok").save(run.anatomy(sid) / "quality.json")
        (run.anatomy(sid) / "affine.json").write_text("{}")
    usable = list(table["sid"][:-1])
    untrained, path = example_subject(run, "nothing")
    assert path.exists() and untrained == usable[round(0.75 * (len(usable) - 1))]
    folds = run.detectors("all_but_two") / FOLDS_FILE
    folds.parent.mkdir()
    pd.DataFrame({"sid": usable[2:], "fold": 0}).to_csv(folds, index=False)
    assert example_subject(run, "all_but_two")[0] == usable[1]


def test_who_has_no_measured_disease_is_no_example_of_much(run, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.describe.example.usable", lambda run, sids: list(sids))
    some = Run(str(tmp_path / "some"), "copd")
    table = read_subjects(run)[:8].assign(LAA950_pct=[1.0, 5, 9, 13, *[np.nan] * 4])
    write_subjects(some, table)
    assert example_subject(some)[0] == "P2"
    write_subjects(some, table.assign(LAA950_pct=np.nan))
    assert example_subject(some)[0] == "P5"


def test_place_of_a_scan():
    cohort = np.random.default_rng(0).normal(size=(60, REP_DIM)) * [1, 2, 3, 4, 5, 6, 7, 0.1] + 5
    inside, outside = place_among(np.full(REP_DIM, 5.0), cohort), place_among(np.full(REP_DIM, 60.0), cohort)
    assert (inside.verdict, outside.verdict) == ("inside", "outside") and outside.percentile == 100
    assert len(inside.usual) == len(inside.points) == 60 and outside.distance > 5 * inside.distance
    scaled = place_among(np.full(REP_DIM, 60.0) * 1000, cohort * 1000)
    assert scaled.distance == pytest.approx(outside.distance)  # units do not matter
    with pytest.raises(ValueError, match="too few"):
        place_among(cohort[0], cohort[:3])
    with pytest.raises(ValueError, match="same encoder"):
        place_among(cohort[0, :4], cohort)


def test_a_scan_is_not_compared_with_features_of_another_encoder(run, found):
    encoder, path = load_encoder(run.pretrain(), patches=True), run.features() / "patch.zarr"
    shape = (SUBJECTS, len(found.landmarks), REP_DIM)
    features = zarr.create_array(path, shape=shape, dtype="float32",
                                 attributes={"sids": [f"P{number}" for number in range(SUBJECTS)]})  # fmt: skip
    features[:] = np.random.default_rng(0).normal(size=shape)
    features.attrs["encoder"] = weights_fingerprint(encoder)
    place, _ = compare_with_cohort(run, "drasclr", encoder, found.landmarks, "P0")
    assert place.odd_landmarks is not None
    features.attrs["encoder"] = "0" * 64
    assert compare_with_cohort(run, "drasclr", encoder, found.landmarks, "P0") is None
    shutil.rmtree(path)


def test_image_features_of_another_encoder_are_not_compared_either(run, found, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    run = Run(str(tmp_path / "run"), "copd")
    encoder, path = load_encoder(run.pretrain(), patches=True), run.features() / "image.parquet"
    table = pd.read_parquet(path)
    for maker, same in ((weights_fingerprint(encoder), True), ("0" * 64, False)):
        table.attrs["encoder"] = maker
        table.to_parquet(path, index=False)
        assert (compare_with_cohort(run, "drasclr", encoder, found.landmarks, "P0") is not None) == same
    table.attrs = {}
    table.drop(columns="f007").to_parquet(path, index=False)
    assert compare_with_cohort(run, "drasclr", encoder, found.landmarks, "P0") is None


def test_patches_tell_what_their_mean_hides():
    """A scan whose patches are all unlike the cohort's, with a mean amid it."""
    cohort = np.random.default_rng(0).normal(size=(40, 20, REP_DIM))
    like, unlike = cohort[0], np.where(np.arange(20) % 2, 9.0, -9.0)[:, None] * np.ones(REP_DIM)
    assert odd_share(like, cohort[1:]) < 30 and odd_share(unlike, cohort[1:]) == 100
    means = cohort.mean(axis=1)
    hidden = place_among(unlike.mean(axis=0), means[1:])
    assert hidden.verdict == "inside" and hidden.odd_landmarks is None
    assert place_among(unlike.mean(axis=0), means[1:], 100.0).verdict == "outside"
    assert place_among(unlike.mean(axis=0), means[1:], 20.0).verdict == "edge"


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize(
    ("name", "verdict"), [("LungDx_A0002_dicom", "review"), ("TOTALSEG_cardiac_crop.nii.gz", "refused")]
)
def test_real_scans(real_data, run, tmp_path, name, verdict):
    found = describe_scan(real_data / "ct" / name, run, tmp_path / "out", subtypes=())
    assert found.quality.verdict == verdict and found.report.exists()
    assert name.split(".")[0] not in found.report.read_text()
    assert found.refused or 2400 < found.whole["lung_ml"] < 3100


def test_the_weights_of_one_run_describe_a_scan_into_another(run, image, tmp_path, _plain):
    other = Run(str(tmp_path / "other"), "copd")
    made = describe_scan(image, run, name="mine", subtypes=(), home=other, **QUICK)
    assert made.folder == other.cohort / "your_ct" / "mine" and made.made["run"] == run.name
