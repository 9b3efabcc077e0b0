"""The operating point: by hand, for any voxels, on healthy lungs that nothing was fitted to, and what it is worth."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drasclr_core.detect.boxes.folds import validation_split
from drasclr_core.detect.detector.detector import Detector, write_threshold
from drasclr_core.detect.maps import map_subject, sample_subject
from drasclr_core.detect.operating import find_operating_points, healthy, operating_point, operating_worth
from drasclr_core.detect.operating.worth import mean_share
from drasclr_core.represent.dense import DenseOptions
from drasclr_core.run import Run

from ..conftest import encoder_of
from ..maps.tiny import METHOD, SUBTYPE, tiny_run

lung = arrays(float, st.integers(1, 40), elements=st.floats(0, 1))


def test_by_hand():
    """A tenth of the ten voxels is one voxel: the threshold lies between the highest and the next."""
    voxels = np.arange(10) / 10
    assert operating_point([voxels], 0.1) == pytest.approx(0.85)
    assert operating_point([voxels], 0.25) == pytest.approx(0.75)
    assert operating_point([voxels / 2], 0.1) == 0.5, "never below one half"
    assert operating_point([np.full(4, 0.9)], 0.1) > 0.9, "all are as high: none may be called ill"
    assert operating_point([voxels, np.zeros(1000)], 0.1) == pytest.approx(0.75), "lungs count alike, not voxels"


@given(st.lists(lung, min_size=1, max_size=5), st.floats(0, 1))
def test_the_lowest_threshold_that_keeps_to_the_share(lungs, share):
    threshold = operating_point(lungs, share)
    above = np.mean([(one >= threshold).mean() for one in lungs])
    assert threshold >= 0.5 and above <= share + 1e-9
    lower = [value for value in np.concatenate(lungs) if 0.5 <= value < threshold]
    if lower:
        assert np.mean([(one >= max(lower)).mean() for one in lungs]) > share


def test_nothing_to_find_it_in():
    with pytest.raises(ValueError, match="no voxels of healthy lungs"):
        operating_point([np.zeros(0)])
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        operating_point([np.zeros(3)], 1.5)


def test_the_upper_end_is_seldom_too_low():
    """Lungs as page 20 finds them, of which 5 % are called ill in truth: the rule 'ends below 5 %' must seldom pass."""
    rng, passed = np.random.default_rng(0), []
    for _ in range(4000):
        shares = rng.gamma(1.5, 0.05 / 1.5, size=38)  # skewed: mean 5 %, standard deviation 4 %
        passed.append(mean_share(shares)[2] < 0.05)
    assert np.mean(passed) < 0.06
    assert np.isnan(mean_share(np.array([0.1]))[1]) and np.isnan(mean_share(np.array([]))[0])
    assert mean_share(np.array([0.0, 0.0, 0.3]))[1] == 0


@pytest.fixture
def tried(three_kinds, monkeypatch, tmp_path):
    """What was asked of whom, with detectors whose answer for a healthy subject's lungs is its number."""
    run = Run(str(tmp_path / "run"))
    for fold in range(5):
        Detector(encoder_of(), description={"key": "x"}).save_pretrained(run.detector("m", "centrilobular", fold))
    sids = three_kinds.table["sid"].unique()
    monkeypatch.setattr(healthy, "read_subjects", lambda _: pd.DataFrame({"sid": sids, "image": "no.nii.gz"}))
    asked, read_scans = [], []

    def answer(_, read):
        asked.append(read(4.0))
        return np.linspace(0, 1, 100) ** (1 + int(asked[-1][1:]) / 10)

    monkeypatch.setattr(healthy, "read_aligned_scan", lambda run, sid, image, spacing: read_scans.append(sid) or sid)
    monkeypatch.setattr(healthy, "_asked", answer)
    return run, asked, read_scans


def test_weights_thresholds_and_what_they_are_worth_are_of_different_people(tried, three_kinds):
    run, asked, read_scans = tried
    points = find_operating_points(run, three_kinds, ["centrilobular"], "m", seed=0, share=0.05)
    table = three_kinds.table
    assert set(points["fold"]) == set(range(5)) and points["lung"].nunique() == 10
    for fold in range(5):
        train = three_kinds.training("centrilobular", fold, twins=True)
        kinds, sids = three_kinds.kinds("centrilobular")[train], table["sid"].to_numpy()[train]
        fitted = set(sids[~validation_split(sids, kinds, 0)])
        chosen = healthy.healthy_stopping(three_kinds, "centrilobular", fold, True, 0)
        tested = healthy.healthy_tested(three_kinds, "centrilobular", fold)
        assert chosen and tested and not set(chosen) & set(tested) and not fitted & {*chosen, *tested}
        assert set(table[table["sid"].isin([*chosen, *tested])]["subtype"]) == {"healthy"}
        own = points[points["fold"] == fold]
        assert len(own) == len(tested) and (own["half"] > own["share"]).all()
        detector = Detector.from_pretrained(run.detector("m", "centrilobular", fold))
        assert detector.threshold == own["threshold"].iloc[0] > 0.5 and detector.description["key"] == "x"
    assert len(read_scans) == len(set(read_scans)) < len(asked), "a scan was read once for each detector"
    before = len(asked)
    again = find_operating_points(run, three_kinds, ["centrilobular"], "m", seed=0, share=0.05)
    more = find_operating_points(run, three_kinds, ["centrilobular"], "m", seed=0, share=0.2)
    assert len(asked) == before and again.equals(points), "asked again"
    assert (more["threshold"] < points["threshold"]).all()


def test_worth_by_hand():
    points = pd.DataFrame({"method": "m", "task": "Paraseptal", "fold": [0, 0, 1], "threshold": [0.8, 0.8, 0.6],
                           "lung": [1, 2, 3], "share": [0.0, 0.02, 0.04], "half": [0.1, 0.2, 0.3]})  # fmt: skip
    tested = pd.DataFrame({"method": "m", "task": "Paraseptal", "fold": [0, 0, 1, 1], "true": [True, True, True, False],
                           "probability": [0.9, 0.7, 0.7, 0.99]})  # fmt: skip
    (row,) = operating_worth(points, tested).to_dict("records")
    assert row["lungs"] == 3 and row["threshold"] == pytest.approx(0.7) and row["half"] == pytest.approx(0.2)
    assert row["healthy"] == pytest.approx(0.02) and row["healthy_low"] < 0.02 < row["healthy_high"]
    assert row["found_half"] == 1 and row["found"] == pytest.approx(2 / 3)
    assert np.isnan(operating_worth(points, tested[:0])["found"]).all()


def test_the_mask_begins_at_the_detectors_threshold(tmp_path, monkeypatch):
    """A detector on disk gets its threshold, and map, share and what is kept of them change with it."""
    run = tiny_run(tmp_path)
    subject, options = ("S1", run.images / "S1.nii.gz"), DenseOptions(stride=2, check=0)
    lattice = DenseOptions(stride=1, block=1, check=0)
    before = map_subject(subject, run, METHOD, SUBTYPE, options)
    (counted,) = sample_subject(subject, run, METHOD, (SUBTYPE,), lattice)
    assert before["threshold"] == 0.5
    write_threshold(run.detector(METHOD, SUBTYPE, 1), 0.8)
    after = map_subject(subject, run, METHOD, SUBTYPE, options)
    probability = nib.load(run.map_file(METHOD, "S1", SUBTYPE)).get_fdata(dtype=np.float32)
    mask = nib.load(run.map_file(METHOD, "S1", SUBTYPE, mask=True)).get_fdata() > 0
    lungs = nib.load(run.anatomy("S1") / "lungs.nii.gz").get_fdata() > 0
    clear = lungs & (np.abs(probability - 0.8) > 0.004)
    np.testing.assert_array_equal(mask[clear], probability[clear] >= 0.8)
    assert after["threshold"] == 0.8 and 0 < after["share"] < before["share"]
    (fewer,) = sample_subject(subject, run, METHOD, (SUBTYPE,), lattice)
    assert 0 < fewer["share"] < counted["share"]
