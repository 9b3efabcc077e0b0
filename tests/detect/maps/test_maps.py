"""Maps as files: aligned with the scan in every reader, made once, and by a detector that may make them."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from drasclr_core.detect.detector.detector import trained_subtypes
from drasclr_core.detect.maps import maps, proportion
from drasclr_core.imaging.volume import load_volume
from drasclr_core.pieces import mark_done
from drasclr_core.represent.dense import DenseOptions
from drasclr_core.run import Run

from .tiny import METHOD, SUBTYPE, tiny_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def made(run):
    return maps.map_subject(("S1", run.images / "S1.nii.gz"), run, METHOD, SUBTYPE, DenseOptions(stride=2, check=50))


def test_map_lies_on_the_scan(run, made):
    """The voxels are those of the scan, the mask is where the probability reaches one half, outside lungs it is 0."""
    stored = nib.load(run.map_file(METHOD, "S1", SUBTYPE))
    probability, affine = stored.get_fdata(dtype=np.float32), stored.affine
    mask = nib.load(run.map_file(METHOD, "S1", SUBTYPE, mask=True))
    volume, lungs = load_volume(run.images / "S1.nii.gz", 4.0), nib.load(run.anatomy("S1") / "lungs.nii.gz")
    assert probability.shape == volume.array.shape
    np.testing.assert_allclose(affine, volume.affine)
    np.testing.assert_allclose(mask.affine, lungs.affine)
    inside = lungs.get_fdata() > 0
    assert (probability[~inside] == 0).all() and np.isfinite(probability).all()
    clear = np.abs(probability - 0.5) > 1 / maps.LEVELS
    np.testing.assert_array_equal((mask.get_fdata() > 0)[clear & inside], (probability >= 0.5)[clear & inside])
    assert mask.get_data_dtype() == np.uint8
    # The dark half of the lungs, in mm of the scan, is found where it is.
    x = nib.affines.apply_affine(affine, np.argwhere(mask.get_fdata() > 0))[:, 0]
    assert x.mean() > nib.affines.apply_affine(affine, np.argwhere(inside))[:, 0].mean() + 8
    assert 0.2 < made["share"] < 0.8


def test_same_points_and_values_in_nibabel_and_simpleitk(run, made):
    """Viewers that follow ITK (3D Slicer, ITK-SNAP) and those that follow nibabel see the same at the same place."""
    for path in (run.map_file(METHOD, "S1", SUBTYPE, mask) for mask in (False, True)):
        ours, itk = nib.load(path), sitk.ReadImage(str(path))
        for index in ((0, 0, 0), (7, 3, 11), (15, 13, 14)):
            right, front, up = nib.affines.apply_affine(ours.affine, index)
            assert itk.TransformIndexToPhysicalPoint(index) == pytest.approx((-right, -front, up), abs=1e-4)  # LPS
            assert itk.GetPixel(*index) == pytest.approx(ours.get_fdata()[index], abs=1e-6)
        assert ours.header["sform_code"] and ours.header.get_xyzt_units()[0] == "mm"


def test_one_half_and_one_are_kept_exactly(tmp_path):
    values = np.array([np.nan, 0.0, 0.5, 0.498, 0.502, 1.0]).reshape(6, 1, 1)
    maps.save_probability(tmp_path / "p.nii.gz", values, np.eye(4))
    read = nib.load(tmp_path / "p.nii.gz").get_fdata(dtype=np.float32)
    np.testing.assert_allclose(read.ravel(), np.nan_to_num(values.ravel()), atol=0.5 / maps.LEVELS + 1e-6)
    assert read.ravel()[2] >= 0.5 and read.ravel()[5] == 1


def test_facts_and_made_once(run, made, monkeypatch):
    assert made["fold"] == 1, "a detector that trained on the subject was used"
    assert made["voxels"] == 12 * 6 * 7 and made["evaluations"] > 100 and made["seconds"] > 0
    low, high = made["error_mean_interval"]
    assert 0 <= low <= made["error_mean"] <= high and made["error_voxels"] == 50
    made_again = (("S1", run.images / "S1.nii.gz"), run, METHOD, SUBTYPE)
    monkeypatch.setattr(maps, "dense_probability", lambda *_, **__: pytest.fail("made again"))
    assert maps.map_subject(*made_again, DenseOptions(stride=2, check=50)) == made
    for changed in ("stride", "alignment", "file"):
        if changed == "alignment":
            mark_done(run.anatomy("S1"), "align", "second")
        if changed == "file":
            mark_done(run.anatomy("S1"), "align", "first")
            run.map_file(METHOD, "S1", SUBTYPE).unlink()
        with pytest.raises(pytest.fail.Exception, match="made again"):
            maps.map_subject(*made_again, DenseOptions(stride=3 if changed == "stride" else 2, check=50))


def test_killed_while_writing_leaves_no_map(run, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(maps, "save_mask", dies)
    with pytest.raises(KeyboardInterrupt):
        maps.map_subject(("S1", run.images / "S1.nii.gz"), run, METHOD, SUBTYPE, DenseOptions(stride=4, check=0))
    monkeypatch.undo()
    again = maps.map_subject(("S1", run.images / "S1.nii.gz"), run, METHOD, SUBTYPE, DenseOptions(stride=4, check=0))
    assert run.map_file(METHOD, "S1", SUBTYPE, mask=True).exists() and "error_mean" not in again
    assert [path.name for path in run.maps(METHOD).glob(".tmp*")] == []


def test_subtypes_with_a_detector_for_every_fold(run, tmp_path):
    assert trained_subtypes(run, METHOD) == [SUBTYPE]
    assert trained_subtypes(Run(str(tmp_path / "empty")), METHOD) == []


def test_share_of_a_lattice_of_all_voxels_is_that_of_the_exact_map(run):
    subject = ("S1", run.images / "S1.nii.gz")
    (row,) = proportion.sample_subject(subject, run, METHOD, (SUBTYPE,), DenseOptions(stride=1, block=1, check=0))
    exact = maps.map_subject(subject, run, METHOD, SUBTYPE, DenseOptions(exact=True))
    assert row["points"] == exact["voxels"]
    assert row["share"] == pytest.approx(exact["share"], abs=2 / row["points"])  # batch norm is folded: rounding
    (coarse,) = proportion.sample_subject(subject, run, METHOD, (SUBTYPE,), DenseOptions(stride=3, block=6, check=0))
    assert coarse["points"] < row["points"] / 20
    assert abs(coarse["share"] - exact["share"]) < 4 * coarse["error"]


def test_share_is_computed_once(run, monkeypatch):
    arguments = (("S1", run.images / "S1.nii.gz"), run, METHOD, (SUBTYPE,))
    options = DenseOptions(stride=4, block=4, check=0)
    first = proportion.sample_subject(*arguments, options)
    monkeypatch.setattr(proportion, "dense_features", lambda *_, **__: pytest.fail("computed again"))
    assert proportion.sample_subject(*arguments, options) == first
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        proportion.sample_subject(*arguments, replace(options, block=8))
