"""Images with label maps: one grid, one modality, known values, whatever the data set; what is not so is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.cohort.images.datasets import Pair, PairSet
from drasclr_core.imaging.refusal import VolumeError

from ..image_files import AFFINE, ct, labels, mr, write_nifti

STRUCTURES = {5: "five", 2: "two"}


@pytest.fixture
def case(tmp_path):
    """``case(image, label, modality)``: the refusal or the voxels of one pair of these arrays (and affines)."""

    def read(image=None, label=None, modality="CT", label_affine=AFFINE, image_affine=AFFINE, more=None):
        image = ct() if image is None else image
        files = {"ct": write_nifti(tmp_path / "image.nii.gz", image, image_affine)}
        if more is not None:
            files["other"] = write_nifti(tmp_path / "other.nii.gz", more)
        label = labels((5, 2), ct().shape) if label is None else label
        pair = Pair("a", files, write_nifti(tmp_path / "label.nii.gz", label, label_affine))
        return PairSet([pair], STRUCTURES, modality, mistaken={6: 5}).read(pair)

    return read


def test_values_become_classes_in_the_order_of_the_structures(case):
    read = case()
    assert read.images.shape == (1, 9, 8, 7) and read.images.dtype == np.float32 and read.label.dtype == np.uint8
    np.testing.assert_array_equal(read.label, np.select([labels((5, 2)) == 5, labels((5, 2)) == 2], [1, 2], 0))
    np.testing.assert_array_equal(case(label=labels((6, 2))).label, read.label)  # a known mistake


def test_axes_are_turned_to_ras(case):
    flipped = AFFINE * [[-1], [1], [1], [1]]
    read = case(image_affine=flipped, label_affine=flipped)
    np.testing.assert_array_equal(read.images[0], ct()[::-1])
    np.testing.assert_array_equal(read.label > 0, labels((5, 2))[::-1] > 0)
    assert (np.diag(read.affine) > 0).all()


def test_several_modalities_are_stacked(case):
    assert case(mr(), modality="MR", more=mr() + 7).images.shape == (2, 9, 8, 7)


def test_what_does_not_belong_together_is_refused(case):
    for given_, message in (
        (
            {"label": labels((5, 2, 7, 9))},
            r"label\.nii\.gz: unknown values in the label map: 7, 9; known are 0 and 5, 2",
        ),
        (
            {"label": labels((5,), (9, 8, 6))},
            r"label\.nii\.gz: 9 x 8 x 6 voxels, but the image image\.nii\.gz has 9 x 8",
        ),
        ({"label_affine": AFFINE + np.eye(4, k=3) * 30}, r"label\.nii\.gz: lies 30\.0 mm from the image"),
        ({"more": ct((9, 8, 5))}, r"other\.nii\.gz: 9 x 8 x 5 voxels"),
        ({"image": mr()}, r"image\.nii\.gz: values from 0 to 900, none below -500: not CT in HU"),
        ({"modality": "MR"}, r"image\.nii\.gz: values down to -1000: HU of CT, not MR"),
        ({"image": np.full((9, 8, 7), 3, np.int16), "modality": ""}, "every voxel has the value 3"),
        ({"image": ct((9, 8, 1))}, r"image\.nii\.gz: a single slice"),
        ({"image": ct((9, 8, 7))[..., None].repeat(2, 3)}, r"image\.nii\.gz: not one 3-D frame"),
        ({"image": np.where(ct() > 0, np.nan, ct()).astype(np.float32)}, "NaN"),
    ):
        with pytest.raises(VolumeError, match=message) as error:
            case(**given_)
        assert str(error.value).endswith(".") and "/" not in str(error.value)


@given(st.lists(st.floats(-10, 10) | st.sampled_from([0.0, 2.0, 5.0, 6.0]), min_size=1, max_size=8))
def test_any_value_is_a_class_or_refused(values):
    known = {0.0: 0, 5.0: 1, 2.0: 2, 6.0: 1}
    array = np.array(values, dtype=np.float32).reshape(-1, 1, 1)
    pairs = PairSet([], STRUCTURES, mistaken={6: 5})
    if all(float(value) in known for value in array.ravel()):
        assert pairs.classes("a.nii", array).ravel().tolist() == [known[float(value)] for value in array.ravel()]
    else:
        with pytest.raises(VolumeError, match="unknown values"):
            pairs.classes("a.nii", array)


def test_the_rest_goes_on(tmp_path):
    good = Pair("good", {"ct": write_nifti(tmp_path / "a.nii", ct())}, write_nifti(tmp_path / "b.nii", labels((5,))))
    bad = Pair("bad", {"ct": write_nifti(tmp_path / "c.nii", ct())}, write_nifti(tmp_path / "d.nii", labels((9,))))
    gone = Pair("gone", {"ct": tmp_path / "none.nii"}, None)
    blind = Pair("blind", {"ct": tmp_path / "a.nii"}, None)
    pairs = PairSet([bad, good, gone, blind], STRUCTURES, "CT")
    cases, refused = pairs.cases()
    assert list(cases) == ["good", "blind"] and cases["blind"].label is None
    assert refused["name"].tolist() == ["bad", "gone"] and "no such file" in refused["message"][1]
    assert pairs.table["has_label"].tolist() == [True, True, False, False]
