"""Densitometry is that of the voxels in the found lungs; the truth of a phantom is counted in its true lungs."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.phantom.scan.scanner import Scanner
from drasclr_core.cohort.phantom.truth import MASKS, save_truth
from drasclr_core.imaging.densitometry import densitometry
from drasclr_core.imaging.volume import Volume
from drasclr_core.pieces import mark_done
from drasclr_core.represent.hand_made import ceiling_features, densitometry_features, true_fractions
from drasclr_core.run import Run


def scan() -> tuple[np.ndarray, np.ndarray]:
    """HU [12, 12, 12] and lungs of 6 x 6 x 6 voxels, of which 54 of 216 (a quarter) are below -950 HU."""
    array = np.full((12, 12, 12), 30.0, np.float32)
    lungs = np.zeros(array.shape, np.uint8)
    lungs[1:4, 3:9, 3:9], lungs[8:11, 3:9, 3:9] = 2, 1
    array[lungs > 0] = -850
    array[lungs == 1] = np.where(np.arange(108) < 54, -970, -850)
    array[5:7, 5:7, 9:] = -1000  # a windpipe, no lung
    return array, lungs


def test_four_numbers_are_those_of_the_lungs_alone():
    array, lungs = scan()
    found = densitometry(Volume(array, np.diag([4.0, 4, 4, 1])), lungs)
    assert found["laa950_pct"] == pytest.approx(25) and found["mean_hu"] == pytest.approx(-880)
    assert found["perc15_hu"] == -970 and found["lung_volume_l"] == pytest.approx(216 * 64e-6)


def test_the_limit_itself_is_no_low_attenuation_and_no_lungs_are_refused():
    lungs = np.ones((2, 2, 2), np.uint8)
    volume = Volume(np.full((2, 2, 2), -950.0, np.float32), np.eye(4))
    assert densitometry(volume, lungs)["laa950_pct"] == 0
    with pytest.raises(ValueError, match="no voxel belongs to the lungs"):
        densitometry(volume, 0 * lungs)


@pytest.fixture
def run(tmp_path):
    run = Run(str(tmp_path / "run"))
    array, lungs = scan()
    run.images.mkdir(parents=True)
    run.anatomy("P0").mkdir(parents=True)
    nib.save(nib.Nifti1Image(array.astype(np.int16), np.diag([4.0, 4, 4, 1])), run.images / "P0.nii.gz")
    nib.save(nib.Nifti1Image(lungs, np.diag([4.0, 4, 4, 1])), run.anatomy("P0") / "lungs.nii.gz")
    mark_done(run.anatomy("P0"), "lungs", "one")
    return run


def test_a_subject_is_measured_once_and_again_when_its_lungs_change(run):
    table = pd.DataFrame({"sid": ["P0"], "image": ["cohort/images/P0.nii.gz"]})
    found = densitometry_features(run, table, workers=1)
    assert list(found) == ["sid", "laa950_pct", "mean_hu", "perc15_hu", "lung_volume_l"]
    assert found["laa950_pct"].tolist() == pytest.approx([25])
    (run.images / "P0.nii.gz").rename(run.images / "away.nii.gz")
    assert densitometry_features(run, table, workers=1).equals(found)  # nothing is read again
    (run.images / "away.nii.gz").rename(run.images / "P0.nii.gz")
    lungs = scan()[1]
    nib.save(
        nib.Nifti1Image(np.where(lungs == 2, 2, 0).astype(np.uint8), np.diag([4.0, 4, 4, 1])),
        run.anatomy("P0") / "lungs.nii.gz",
    )
    mark_done(run.anatomy("P0"), "lungs", "two")
    assert densitometry_features(run, table, workers=1)["laa950_pct"].tolist() == [0]
    with pytest.raises(FileNotFoundError, match="P1: no lung mask"):
        densitometry_features(run, table.assign(sid="P1"), workers=1)


def write_truth(run: Run, sid: str, ill: int, key: str) -> None:
    """A truth of 100 lung voxels, `ill` of which are centrilobular, as are 7 outside the lungs."""
    masks = {name: np.zeros((10, 10, 2), bool) for name in (*MASKS, "lobes", "organs")}
    lungs = np.zeros((10, 10, 2), np.uint8)
    lungs[..., 0] = 1
    masks["centrilobular"][..., 0].reshape(-1)[:ill] = True
    masks["centrilobular"][0, :7, 1] = True
    run.truth.mkdir(parents=True, exist_ok=True)
    phantom = type(
        "Phantom",
        (),
        {
            "truth": {"lungs": lungs, **masks},
            "volume": Volume(np.zeros((10, 10, 2)), np.diag([2.0, 2, 2, 1])),
            "scanner": Scanner("soft", 0.9, 0.3, 12.0, 0.0),
        },
    )
    save_truth(run.truth / f"{sid}.nii.gz", phantom)
    mark_done(run.truth, sid, key)


def test_true_fractions_are_counted_in_the_true_lungs_and_kept(tmp_path):
    run = Run(str(tmp_path / "run"))
    for sid, ill in (("P0", 0), ("P1", 25)):
        write_truth(run, sid, ill, "one")
    found = true_fractions(run, ["P0", "P1"], workers=1).set_index("sid")
    assert found["centrilobular_pct"].tolist() == [0, 25] and found["lung_volume_l"].tolist() == [800e-6] * 2
    assert (found.drop(columns=["centrilobular_pct", "lung_volume_l"]) == 0).all(axis=None)
    write_truth(run, "P1", 50, "two")
    assert true_fractions(run, ["P1"], workers=1)["centrilobular_pct"].tolist() == [50]
    with pytest.raises(FileNotFoundError, match=r"P2.nii.gz: no truth file"):
        true_fractions(run, ["P2"], workers=1)


def test_the_ceiling_has_extents_their_roots_and_the_walls_that_are_known():
    fractions = pd.DataFrame(
        {"sid": ["b", "a"], "centrilobular_pct": [4.0, 0], "ground_glass_pct": [0.0, 0], "lung_volume_l": [5.0, 6]}
    )
    subjects = pd.DataFrame({"sid": ["a", "b"], "Pi10_mm": [3.5, 4.0], "LAA950_pct": [1.0, 2.0]})
    found = ceiling_features(fractions, subjects)
    assert found.to_dict("list") == {
        "sid": ["b", "a"],
        "lung_volume_l": [5.0, 6],
        "centrilobular_pct": [4.0, 0],
        "centrilobular_root": [2.0, 0],
        "Pi10_mm": [4.0, 3.5],
    }
