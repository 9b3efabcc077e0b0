"""Boxes come in as an annotator wrote them; what cannot be used is named with its line."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.atlas import Atlas, build_atlas
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.anatomy.quality.verdict import Quality
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.detect.boxes.annotated import check_positions, lung_share, read_boxes
from drasclr_core.detect.boxes.dataset import OTHER, POSITIVE, load_boxes
from drasclr_core.detect.boxes.healthy import healthy_boxes, healthy_subjects
from drasclr_core.imaging.volume import Volume, load_mask, load_volume, save_mask, save_volume
from drasclr_core.pieces import mark_done
from drasclr_core.run import Run

SIDS = [f"{number:03d}" for number in range(12)]
SPACING, SIZE = 8.0, 4


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Twelve scans of noise with a lung of 12 cm; four have boxes of each kind, four are healthy, one was refused."""
    run = Run(str(tmp_path_factory.mktemp("runs") / "tiny"))
    to_mm = np.diag([SPACING, SPACING, SPACING, 1.0])
    to_mm[:3, 3] = -80
    lungs = np.zeros((20, 20, 20), np.uint8)
    lungs[3:18, 3:18, 3:18] = 1
    rng = np.random.default_rng(0)
    build_atlas(lungs, to_mm, 32, 32).save(run.atlas)
    for sid in SIDS:
        array = np.where(lungs > 0, rng.normal(-850, 30, lungs.shape), 40).astype(np.float32)
        array[:2] = -1000
        save_volume(run.images / f"{sid}.nii.gz", Volume(array, to_mm))
        save_mask(run.anatomy(sid) / "lungs.nii.gz", lungs, to_mm)
        shift = np.eye(4)
        shift[:3, 3] = 3
        AtlasAffine(shift).save(run.anatomy(sid) / "affine.json")
        Quality("refused" if sid == SIDS[8] else "ok", [], {}).save(run.anatomy(sid) / "quality.json")
    images = [str(run.images / f"{sid}.nii.gz") for sid in SIDS]
    ill = [1] * 8 + [0] * 4
    write_subjects(run, pd.DataFrame({"sid": SIDS, "image": images, "GOLD": ill, "CLE": ill, "paraseptal": 0}))
    kinds = ["centrilobular"] * 4 + ["paraseptal"] * 4 + ["centrilobular"]
    rows = [
        (sid, 60.0 * place - 40, 0.0, 5.0, kind) for sid, kind in zip(SIDS, kinds, strict=False) for place in range(2)
    ]
    pd.DataFrame(rows, columns=["sid", "x", "y", "z", "subtype"]).to_csv(run.boxes, index=False)
    return run


def written(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    return path


def test_sids_keep_their_zeros_and_other_columns_are_left_out(tmp_path):
    path = written(tmp_path, "note,sid,x,y,z,subtype\nhm,001, 1,2,3.5,paraseptal\n")
    table = read_boxes(path, SIDS)
    assert table.to_dict("records") == [{"sid": "001", "x": 1.0, "y": 2.0, "z": 3.5, "subtype": "paraseptal"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sid,x,y,z\n001,1,2,3\n", "mine.csv: no column 'subtype'"),
        ("sid,x,y,z,subtype\nP9,1,2,3,paraseptal\n", "row 2: no subject 'P9' in this cohort"),
        ("sid,x,y,z,subtype\n001,1,2,3,panlobular\n", "row 2: subtype 'panlobular' is none of centri"),
        ("sid,x,y,z,subtype\n001,1,2,3,paraseptal\n001,1,,3,paraseptal\n", "row 3: x, y, z are not all numbers"),
        ("sid,x,y,z,subtype\n001,1,two,3,paraseptal\n", "row 2: x, y, z are not all numbers"),
        ("", "mine.csv: not a table"),
        ("sid,x,y,z,subtype\n001,1,2,3,4,paraseptal\n", "row 2 has 6 cells and the header 5"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_boxes(written(tmp_path, text), SIDS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mine.csv.*sid, x, y, z, subtype"):
        read_boxes(tmp_path / "mine.csv", SIDS)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (500.0, "row 4: the box of 000 lies outside its scan"),
        (-80.0, "row 4: less than 10 % of the box of 000 is lung"),
    ],
)
def test_a_box_elsewhere_is_refused(run, x, message):
    boxes = pd.DataFrame({"sid": "000", "x": [0.0, x], "y": 0.0, "z": 0.0}, index=[2, 4])
    with pytest.raises(ValueError, match=f"mine.csv: {message}.*RAS mm"):
        check_positions(run, boxes, "mine.csv")


def test_healthy_patches_are_twins_of_annotated_ones(run):
    subjects, boxes = pd.read_parquet(run.subjects), pd.DataFrame({"sid": ["011"]})
    sids = healthy_subjects(subjects, boxes)
    assert sids == ["008", "009", "010"], "a subject with a box is not healthy"
    annotated = pd.DataFrame([("000", -40.0, 0, 0), ("001", 40.0, 0, 0), ("002", 0.0, 40, 52)], columns=list("sxyz"))
    annotated = annotated.rename(columns={"s": "sid"}).assign(subtype="paraseptal")
    found = healthy_boxes(run, sids, annotated, 6)
    assert set(found["subtype"]) == {"healthy"} and found.equals(healthy_boxes(run, sids, annotated, 6))
    assert not found.equals(healthy_boxes(run, sids, annotated, 6, seed=1))
    # All subjects have the same affine, so a twin lies where its box lies, each box having two.
    places, twins = annotated[["x", "y", "z"]].to_numpy(), found[["x", "y", "z"]].to_numpy()
    distance = np.linalg.norm(twins[:, None] - places, axis=2)
    assert distance.min(axis=1).max() <= SPACING * np.sqrt(3) / 2
    assert found.groupby("sid").size().tolist() == [2, 2, 2], "each subject has two different ones"


def test_twins_have_as_much_lung_and_keep_apart(run):
    lungs, to_mm = load_mask(run.anatomy("009") / "lungs.nii.gz")
    moved = np.eye(4)
    moved[0, 3] = 11
    AtlasAffine(moved).save(run.anatomy("009") / "affine.json")
    edge = pd.DataFrame({"sid": "000", "x": [55.0], "y": 0.0, "z": 0.0, "subtype": "paraseptal"})
    twin = healthy_boxes(run, ["009"], edge, 1)[["x", "y", "z"]].to_numpy()
    share = lung_share(lungs, to_mm)
    voxels = [
        tuple(np.rint((place - to_mm[:3, 3]) / SPACING).astype(int))
        for place in (edge[["x", "y", "z"]].to_numpy()[0], twin[0])
    ]
    assert share[voxels[0]] < 0.9 and share[voxels[1]] == pytest.approx(share[voxels[0]], abs=0.01)
    both = healthy_boxes(run, ["009"], pd.concat([edge, edge], ignore_index=True), 2)[["x", "y", "z"]].to_numpy()
    assert len(both) == 2 and np.abs(both[0] - both[1]).max() >= 16
    AtlasAffine.load(run.anatomy("008") / "affine.json").save(run.anatomy("009") / "affine.json")
    assert healthy_boxes(run, [], edge, 3).empty


def test_healthy_subjects_need_their_labels(run):
    subjects, boxes = pd.read_parquet(run.subjects), pd.DataFrame({"sid": ["011"]})
    with pytest.raises(ValueError, match=r"no column 'CLE'.*manifest"):
        healthy_subjects(subjects.drop(columns="CLE"), boxes)


def test_the_dataset(run):
    data = load_boxes(run, SIZE, SPACING, healthy=6)
    table = data.table
    assert table["subtype"].value_counts().to_dict() == {"centrilobular": 8, "paraseptal": 8, "healthy": 6}
    assert "008" in data.remark and "2 boxes are left out" in data.remark and "008" not in set(table["sid"])
    assert table.groupby("sid")["fold"].nunique().eq(1).all()
    assert data.obstacle("paraseptal") == "healthy patches come from 3 subjects, and at least 4 are needed"
    assert (data.kinds("paraseptal") == POSITIVE).sum() == 8 and len(data.rows("paraseptal")) == 14
    fold = int(table["fold"][0])
    for twins in (False, True):
        train, test = data.training("paraseptal", fold, twins), data.tested("paraseptal", fold, twins)
        assert not set(table["sid"][train]) & set(table["sid"][test]), "a subject trains and is tested"
        assert len(train) + len(test) == (len(table) if twins else 14)
        assert (data.kinds("paraseptal")[train] == OTHER).any() == twins
    # A patch is the scan round its box, and its location that of its middle.
    patches, row = data.patches, 3
    volume = load_volume(run.images / f"{table['sid'][row]}.nii.gz", SPACING)
    centre = table.loc[row, ["x", "y", "z"]].to_numpy(float)
    voxel = (centre - volume.affine[:3, 3]) / SPACING
    low = np.floor(voxel - (2 * SIZE - 1) / 2 + 0.5).astype(int)
    expected = volume.array[tuple(slice(first, first + 2 * SIZE) for first in low)]
    assert np.array_equal(patches.hu[row], expected.astype(np.int16)) and patches.size == SIZE
    box_low, box_high = Atlas.load(run.atlas).box
    assert patches.locations[row] == pytest.approx(2 * (centre - 3 - box_low) / (box_high - box_low) - 1)
    assert patches.steps[row] == pytest.approx(np.diag(2 * SPACING / (box_high - box_low)))


@pytest.mark.parametrize("rows", ["", "008,0,0,0,paraseptal\n"])
def test_a_file_without_a_usable_box_is_an_obstacle_and_no_crash(run, tmp_path, rows):
    path = tmp_path / "boxes.csv"
    path.write_text("sid,x,y,z,subtype\n" + rows)
    assert read_boxes(path, SIDS)[["x", "y", "z"]].dtypes.eq(float).all()
    data = load_boxes(run, SIZE, SPACING, path)
    assert len(data.patches) == 0 and ("1 boxes are left out" in data.remark) == bool(rows)
    assert data.obstacle("paraseptal").startswith("paraseptal patches come from 0 subjects")


def test_patches_are_cut_once(run, monkeypatch):
    first = load_boxes(run, SIZE, SPACING, healthy=6)
    monkeypatch.setattr("drasclr_core.detect.boxes.patches.load_volume", None)  # whoever reads a scan fails
    again = load_boxes(run, SIZE, SPACING, healthy=6)
    assert again.patches.key == first.patches.key and np.array_equal(again.patches.hu, first.patches.hu)
    with pytest.raises(TypeError):
        load_boxes(run, SIZE, SPACING, healthy=5)
    with pytest.raises(ValueError, match="even size"):
        load_boxes(run, 5, SPACING)


def test_patches_are_cut_anew_when_the_scan_was_aligned_anew(run):
    """A corrected scan may have the size of the old one, and lie as it did: the key of its alignment changes."""
    sid = SIDS[0]
    first = load_boxes(run, SIZE, SPACING, healthy=6)
    mark_done(run.alignment(sid), "align", "of the scan as it was")
    kept = load_boxes(run, SIZE, SPACING, healthy=6)
    path = run.images / f"{sid}.nii.gz"
    scan = load_volume(path)
    save_volume(path, Volume(scan.array - 80, scan.affine))
    mark_done(run.alignment(sid), "align", "of the scan corrected")
    again = load_boxes(run, SIZE, SPACING, healthy=6)
    row = int(np.flatnonzero(again.table["sid"] == sid)[0])
    assert len({first.patches.key, kept.patches.key, again.patches.key}) == 3
    assert again.patches.hu[row].mean() < first.patches.hu[row].mean() - 40


def test_patches_are_kept_when_the_scans_are_put_away(run):
    """The key of a scan's alignment says what the scan holds."""
    sids = sorted({*load_boxes(run, SIZE, SPACING, healthy=6).table["sid"]})
    for sid in sids:
        mark_done(run.alignment(sid), "align", "aligned")
    first = load_boxes(run, SIZE, SPACING, healthy=6)
    away = run.images.rename(run.images.with_name("archived"))
    try:
        assert load_boxes(run, SIZE, SPACING, healthy=6).patches.key == first.patches.key
    finally:
        away.rename(run.images)
