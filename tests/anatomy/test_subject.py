"""One subject from scan to patches: every piece is made once, made anew when its inputs change, and a bad scan stops
nobody."""

import errno
import os
import re
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy import PatchStore, extract_patches
from drasclr_core.anatomy import subject as subject_module
from drasclr_core.anatomy.aligned_scan import read_aligned_scan
from drasclr_core.anatomy.atlas import Atlas, AtlasAffine, build_atlas
from drasclr_core.anatomy.quality import NoUsableScanError, Quality, quality_table, require_usable
from drasclr_core.anatomy.quality.verdict import judge
from drasclr_core.anatomy.subject import align, cut_patches, find_lungs
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.detect.boxes import usable
from drasclr_core.files import NotWritableError, read_json, write_json
from drasclr_core.imaging.volume import Volume, load_mask, load_volume, save_volume
from drasclr_core.pieces import file_fingerprint, mark_done, remembered_fingerprint
from drasclr_core.progress import for_each
from drasclr_core.run import Run

from ..imaging.scan_files import whole_chest

SPACING = 4.0


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    for name, scale in (("A", 1.0), ("B", 0.9)):
        save_volume(folder / f"{name}.nii.gz", whole_chest(scale))
    (folder / "broken.nii.gz").write_bytes(b"no image at all")
    solid = whole_chest()
    save_volume(folder / "block.nii.gz", Volume(np.where(solid.array < -500, 0, solid.array), solid.affine))
    return folder


@pytest.fixture
def cohort(tmp_path, scans):
    """The folders of a cohort whose subject A is the atlas: (subjects, anatomy, atlas)."""
    subjects = [(name, str(scans / f"{name}.nii.gz")) for name in "AB"]
    for subject in subjects:
        find_lungs(subject, tmp_path / "anatomy", SPACING)
    mask, affine = load_mask(tmp_path / "anatomy/A/lungs.nii.gz")
    build_atlas(mask, affine, step_mm=40.0).save(tmp_path / "atlas")
    return subjects, tmp_path / "anatomy", tmp_path / "atlas"


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_lungs_and_verdict(cohort):
    _, anatomy, _ = cohort
    mask, _ = load_mask(anatomy / "A/lungs.nii.gz")
    litres = np.count_nonzero(mask) * SPACING**3 / 1e6
    assert 3.5 < litres < 5.5
    assert Quality.load(anatomy / "A/quality.json").measures["volume_l"] == pytest.approx(litres)


@pytest.mark.parametrize("name", ["broken", "block", "absent"])
def test_unusable_scan_is_refused_with_its_reason_and_skipped(cohort, scans, name):
    _, anatomy, atlas = cohort
    assert find_lungs((name, str(scans / f"{name}.nii.gz")), anatomy, SPACING)["verdict"] == "refused"
    quality = Quality.load(anatomy / name / "quality.json")
    assert quality.verdict == "refused" and len(quality.reasons[0]) > 20
    assert align(name, anatomy, atlas)["verdict"] == "refused"
    assert not (anatomy / name / "affine.json").exists()


@pytest.mark.parametrize(
    ("sid", "named"), [("Doe_Jane", "Doe_Jane.nii.gz"), ("doe_jane-2", "Doe_Jane.nii.gz"), ("P001", "P001")]
)
@pytest.mark.parametrize("scan", ["broken", "block"])
def test_a_refusal_names_the_file_only_where_the_sid_does(scans, tmp_path, scan, sid, named):
    image = tmp_path / "Doe_Jane.nii.gz"
    shutil.copy(scans / f"{scan}.nii.gz", image)
    run = Run(str(tmp_path / "r"), "copd")
    write_subjects(run, pd.DataFrame({"sid": [sid], "image": [str(image)]}))
    find_lungs((sid, str(image)), run.anatomy_folder, SPACING)
    table = quality_table(run)
    assert re.fullmatch(re.escape(named) + r": [^\n]+\. ?.*", table["reasons"][0])
    with pytest.raises(NoUsableScanError, match=f"1 refused: {re.escape(named)}: "):
        require_usable(table)
    if sid == "P001":
        assert not any("Doe" in file.read_text() for file in run.anatomy(sid).glob("*.json"))


def test_a_message_of_an_older_version_loses_the_name_of_the_file(scans, tmp_path):
    image = tmp_path / "Doe_Jane.nii.gz"
    shutil.copy(scans / "broken.nii.gz", image)
    find_lungs(("P001", str(image)), tmp_path, SPACING)
    said = Quality.load(tmp_path / "P001/quality.json")
    old = said.measures["error"].replace("P001", image.name)
    judge({"error": old}).save(tmp_path / "P001/quality.json")
    find_lungs(("P001", str(image)), tmp_path, SPACING)
    assert Quality.load(tmp_path / "P001/quality.json") == said and image.name not in said.measures["error"]


def test_alignment_carries_patch_centres(cohort):
    _, anatomy, atlas = cohort
    result = align("B", anatomy, atlas)
    centres = Atlas.load(atlas).centres
    to_atlas = AtlasAffine.load(anatomy / "B/affine.json")
    np.testing.assert_allclose(np.load(anatomy / "B/landmarks.npy"), to_atlas.to_subject(centres))
    assert np.linalg.det(to_atlas.matrix) == pytest.approx(0.9**3, rel=0.03)
    quality = Quality.load(anatomy / "B/quality.json")
    assert quality.verdict == result["verdict"]
    assert quality.measures["dice"] > 0.95 and quality.measures["landmarks_inside"] > 0.9
    assert quality.measures["volume_l"] > 2


def cut_all(subjects, anatomy, atlas, store_path, size=12):
    for sid, _ in subjects:
        align(sid, anatomy, atlas)
    PatchStore.create(store_path, [sid for sid, _ in subjects], len(Atlas.load(atlas).corners), size, SPACING)
    return for_each(partial(cut_patches, anatomy_folder=anatomy, store=store_path), subjects, "patches", workers=1)


def test_patches_are_those_of_the_scan(cohort, tmp_path):
    subjects, anatomy, atlas = cohort
    made = cut_all(subjects, anatomy, atlas, tmp_path / "patches.zarr")
    store = PatchStore.open(tmp_path / "patches.zarr")
    assert store.missing() == [] and [one["sid"] for one in made] == ["A", "B"]
    volume = load_volume(subjects[1][1], SPACING)
    landmark = len(Atlas.load(atlas).corners) // 2
    centre = np.linalg.inv(volume.affine) @ [*np.load(anatomy / "B/landmarks.npy")[landmark], 1]
    low = np.floor(centre[:3] - 5.5 + 0.5).astype(int)
    x, y, z = (slice(start, start + 12) for start in low)
    assert np.array_equal(store.read(landmark, ["B"])[0], np.rint(volume.array[x, y, z]))


def test_finished_pieces_are_not_made_again(cohort, tmp_path):
    subjects, anatomy, atlas = cohort
    first = cut_all(subjects, anatomy, atlas, tmp_path / "patches.zarr")
    before, store = stamps(anatomy / "B"), tmp_path / "patches.zarr"
    files = {path: path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    find_lungs(subjects[1], anatomy, SPACING)
    assert cut_all(subjects, anatomy, atlas, store) == first
    assert stamps(anatomy / "B") == before
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_another_seed_or_atlas_aligns_anew_and_cuts_anew(cohort, tmp_path):
    subjects, anatomy, atlas = cohort
    cut_all(subjects, anatomy, atlas, tmp_path / "patches.zarr")
    before, marks = stamps(anatomy / "B"), stamps(tmp_path / "patches.zarr/written")
    align("B", anatomy, atlas, seed=1)
    assert stamps(anatomy / "B")["affine.json"] > before["affine.json"]
    cut_patches(subjects[1], anatomy, tmp_path / "patches.zarr")
    assert stamps(tmp_path / "patches.zarr/written")[".B.json"] > marks[".B.json"]
    again = stamps(anatomy / "B")
    assert again["lungs.nii.gz"] == before["lungs.nii.gz"]
    mask, affine = load_mask(anatomy / "A/lungs.nii.gz")
    build_atlas(mask, affine, step_mm=48.0).save(atlas)
    align("B", anatomy, atlas, seed=1)
    assert stamps(anatomy / "B")["landmarks.npy"] > again["landmarks.npy"]


def test_another_atlas_has_alignment_verdict_and_patches_of_its_own(cohort, tmp_path):
    subjects, anatomy, atlas = cohort
    cut_all(subjects, anatomy, atlas, tmp_path / "patches.zarr")
    before = stamps(anatomy / "B")
    mask, affine = load_mask(anatomy / "A/lungs.nii.gz")
    other = build_atlas(mask, affine @ np.diag([0.8, 0.8, 0.8, 1.0]), step_mm=24.0)  # small lungs
    other.save(tmp_path / "atlas-x")
    align("B", anatomy, tmp_path / "atlas-x", variant="x")
    folder = anatomy / "B/atlas-x"
    assert len(np.load(folder / "landmarks.npy")) == len(other.corners)
    measures = Quality.load(folder / "quality.json").measures
    assert measures["determinant"] > 1.5 * Quality.load(anatomy / "B/quality.json").measures["determinant"]
    assert "volume_l" in measures and "patches_padded" not in measures
    store = PatchStore.create(tmp_path / "patches-x.zarr", ["B"], len(other.corners), 8, SPACING)
    cut_patches(subjects[1], anatomy, store.path, variant="x")
    assert not store.missing() and "patches_padded" in Quality.load(folder / "quality.json").measures
    assert {name: stamp for name, stamp in stamps(anatomy / "B").items() if name != "atlas-x"} == before


def test_replaced_scan_is_done_anew(cohort, tmp_path, scans):
    _, anatomy, atlas = cohort
    align("B", anatomy, atlas)
    before = stamps(anatomy / "B")
    assert find_lungs(("B", str(scans / "A.nii.gz")), anatomy, SPACING)["verdict"] != "refused"
    assert stamps(anatomy / "B")["lungs.nii.gz"] > before["lungs.nii.gz"]
    align("B", anatomy, atlas)
    assert np.linalg.det(AtlasAffine.load(anatomy / "B/affine.json").matrix) == pytest.approx(1.0, abs=0.01)


def test_alignments_of_a_replaced_scan_are_gone_until_it_is_aligned_anew(cohort, tmp_path, scans):
    _, anatomy, atlas = cohort
    run, variant = (Run(str(tmp_path), "", name) for name in ("", "x"))
    assert run.anatomy("B") == anatomy / "B"
    for name in ("", "x"):
        align("B", anatomy, atlas, variant=name)
    assert usable(run, "B") == usable(variant, "B") == ["B"]
    find_lungs(("B", str(scans / "A.nii.gz")), anatomy, SPACING)
    assert usable(run, "B") == usable(variant, "B") == []
    with pytest.raises(FileNotFoundError, match="Run notebook 04_registration first"):
        read_aligned_scan(run, "B", scans / "A.nii.gz", SPACING)
    align("B", anatomy, atlas, variant="x")
    assert usable(variant, "B") == ["B"]


def test_a_scan_that_an_older_version_refused_is_judged_again_and_one_that_it_took_is_not(scans, tmp_path, monkeypatch):
    subject, note = ("A", str(scans / "A.nii.gz")), tmp_path / "A" / ".lungs.json"
    assert find_lungs(subject, tmp_path, SPACING)["verdict"] != "refused"
    kept = read_json(note)
    write_json(note, {**kept, "verdict": "refused", "refusals": kept["refusals"] - 1})
    assert find_lungs(subject, tmp_path, SPACING)["verdict"] == kept["verdict"] and read_json(note) == kept
    for taken in ({}, {"refusals": kept["refusals"] - 1}, {"verdict": "refused"}):
        note_as_it_was = {**kept, **taken}
        write_json(note, note_as_it_was)
        monkeypatch.setattr(subject_module, "segment_lungs", lambda _: pytest.fail("judged again"))
        assert find_lungs(subject, tmp_path, SPACING)["verdict"] == note_as_it_was["verdict"]


def test_a_scan_that_is_refused_now_keeps_no_alignment(cohort, tmp_path):
    """In a folder in which an earlier version left the files of an alignment."""
    _, anatomy, atlas = cohort
    variant = Run(str(tmp_path), "", "x")
    align("B", anatomy, atlas, variant="x")
    mark_done(anatomy / "B", "lungs", "of another scan", verdict="refused", image={"content": "other"})
    (variant.alignment("B") / "quality.json").unlink()
    assert usable(variant, "B") == []
    assert align("B", anatomy, atlas, variant="x")["verdict"] == "refused"
    assert list(variant.alignment("B").iterdir()) == []


@pytest.fixture
def scan(tmp_path, scans, monkeypatch):
    """A scan whose lungs were found, its anatomy folder, and a list of the files whose content was read since then."""
    path, read = tmp_path / "scan.nii.gz", []
    shutil.copy(scans / "A.nii.gz", path)
    find_lungs(("S", str(path)), tmp_path / "anatomy", SPACING)
    monkeypatch.setattr(
        "drasclr_core.pieces.file_fingerprint", lambda file: read.append(file) or file_fingerprint(file)
    )
    return path, tmp_path / "anatomy", read


def test_scan_as_it_was_is_not_read_again(scan):
    path, anatomy, read = scan
    before = stamps(anatomy / "S")
    find_lungs(("S", str(path)), anatomy, SPACING)
    assert read == [] and stamps(anatomy / "S") == before


def test_touched_scan_is_read_once_and_not_done_again(scan):
    path, anatomy, read = scan
    before = stamps(anatomy / "S")
    os.utime(path, (1, 1))
    for _ in range(2):
        find_lungs(("S", str(path)), anatomy, SPACING)
    assert read == [path] and stamps(anatomy / "S")["lungs.nii.gz"] == before["lungs.nii.gz"]


def test_other_content_of_the_same_size_is_done_again(scan):
    path, anatomy, _ = scan
    path.write_bytes(path.read_bytes()[::-1])
    assert find_lungs(("S", str(path)), anatomy, SPACING)["verdict"] == "refused"


def test_changed_slice_of_a_series_is_noticed(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.dcm").write_bytes(bytes([number]))
    first = remembered_fingerprint(tmp_path, {})
    assert remembered_fingerprint(tmp_path, first) == first and first["content"] == file_fingerprint(tmp_path)
    (tmp_path / "1.dcm").write_bytes(b"x")
    os.utime(tmp_path / "1.dcm", (1, 1))
    assert remembered_fingerprint(tmp_path, first)["content"] != first["content"]


def test_verdict_stays_while_patches_are_cut(cohort, tmp_path):
    """Shards that start later must find the same subjects accepted, even if limits changed since stage 04."""
    subjects, anatomy, atlas = cohort
    align("A", anatomy, atlas)
    quality = Quality.load(anatomy / "A/quality.json")
    Quality("review", ["by hand"], quality.measures).save(anatomy / "A/quality.json")
    PatchStore.create(tmp_path / "patches.zarr", ["A"], len(Atlas.load(atlas).corners), 12, SPACING)
    padded = cut_patches(subjects[0], anatomy, tmp_path / "patches.zarr")["padded"]
    after = Quality.load(anatomy / "A/quality.json")
    assert (after.verdict, after.reasons) == ("review", ["by hand"])
    assert after.measures["patches_padded"] == padded / len(Atlas.load(atlas).corners)


def test_lungs_made_again_lose_no_alignment(cohort, tmp_path):
    """The file was lost, and the new one is the same; its verdict does not know the alignment's measures yet."""
    subjects, anatomy, atlas = cohort
    before = align("B", anatomy, atlas), Quality.load(anatomy / "B/quality.json")
    (anatomy / "B/lungs.nii.gz").unlink()
    find_lungs(subjects[1], anatomy, SPACING)
    assert "dice" not in Quality.load(anatomy / "B/quality.json").measures
    assert (align("B", anatomy, atlas), Quality.load(anatomy / "B/quality.json")) == before


def test_a_store_knows_when_a_subject_was_cut_anew(cohort, tmp_path):
    subjects, anatomy, atlas = cohort
    cut_all(subjects, anatomy, atlas, tmp_path / "one.zarr")
    before = PatchStore.open(tmp_path / "one.zarr").contents()
    cut_patches(subjects[1], anatomy, tmp_path / "one.zarr")
    assert PatchStore.open(tmp_path / "one.zarr").contents() == before
    align("B", anatomy, atlas, seed=7)
    cut_patches(subjects[1], anatomy, tmp_path / "one.zarr")
    assert PatchStore.open(tmp_path / "one.zarr").contents() != before


def test_each_of_two_stores_knows_from_what_it_was_made(cohort, tmp_path):
    """What was cut into one store with a newer alignment does not count for another store."""
    subjects, anatomy, atlas = cohort
    for name in ("one.zarr", "two.zarr"):
        cut_all(subjects, anatomy, atlas, tmp_path / name)
    build_atlas(*load_mask(anatomy / "A/lungs.nii.gz"), step_mm=40.0, scaling="corners").save(atlas)
    landmarks = np.load(anatomy / "B/landmarks.npy")
    align("B", anatomy, atlas)
    np.save(anatomy / "B/landmarks.npy", landmarks + 20)  # another alignment, clearly
    for name in ("two.zarr", "one.zarr"):
        cut_patches(subjects[1], anatomy, tmp_path / name)
    one, two = (PatchStore.open(tmp_path / name).read_subject("B") for name in ("one.zarr", "two.zarr"))
    expected, _ = extract_patches(load_volume(subjects[1][1], SPACING), landmarks + 20, 12)
    assert np.array_equal(one, expected) and np.array_equal(two, expected)


def test_full_disk_judges_no_scan_and_the_next_run_goes_on(scans, tmp_path, monkeypatch):
    def full(image, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    anatomy = tmp_path / "anatomy"
    monkeypatch.setattr("nibabel.save", full)
    with pytest.raises(NotWritableError, match=r"^A/lungs\.nii\.gz: cannot be written \(No space left.*Free space"):
        find_lungs(("A", str(scans / "A.nii.gz")), anatomy, SPACING)
    assert list((anatomy / "A").iterdir()) == []
    monkeypatch.undo()
    assert find_lungs(("A", str(scans / "A.nii.gz")), anatomy, SPACING)["verdict"] == "ok"


def test_lost_store_is_cut_again(cohort, tmp_path):
    """The subject is aligned as before; the store, made anew, has nothing."""
    subjects, anatomy, atlas = cohort
    cut_all(subjects, anatomy, atlas, tmp_path / "patches.zarr")
    cut_all(subjects, anatomy, atlas, tmp_path / "patches.zarr", size=10)
    cut_all(subjects, anatomy, atlas, tmp_path / "other.zarr", size=10)
    assert PatchStore.open(tmp_path / "other.zarr").missing() == []


def test_order_of_stages_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="Run notebook 02_lungs first"):
        align("A", tmp_path, tmp_path)
