"""MM-WHS, BraTS 2018, LiTS and the Decathlon in their published layouts; incomplete ones say what is missing."""

import json

import numpy as np
import pytest

from drasclr_core.cohort.images.datasets import read_brats18, read_lits, read_mmwhs, read_msd
from drasclr_core.cohort.images.datasets.brats18 import MODALITIES, regions
from drasclr_core.imaging.refusal import VolumeError

from ..image_files import ct, labels, mr, write_nifti

HEART = (500, 600, 420, 550, 205, 820, 850)


@pytest.fixture
def mmwhs(tmp_path):
    root = tmp_path / "MM-WHS 2017"
    for kind, image in (("ct", ct()), ("mr", mr())):
        for number in (1001, 1002):
            write_nifti(root / f"{kind}_train" / f"{kind}_train_{number}_image.nii.gz", image)
            write_nifti(root / f"{kind}_train" / f"{kind}_train_{number}_label.nii.gz", labels(HEART))
        write_nifti(root / f"{kind}_test" / f"{kind}_test_2001_image.nii.gz", image)
    return root


@pytest.mark.parametrize("kind", ["ct", "mr"])
def test_mmwhs(mmwhs, kind):
    pairs = read_mmwhs(mmwhs, kind)
    assert pairs.table["sid"].tolist() == [f"{kind}_test_2001", f"{kind}_train_1001", f"{kind}_train_1002"]
    assert pairs.table["group"].tolist() == ["test", "train", "train"] and pairs.refused.empty
    case = pairs.read(pairs.pairs[1])
    assert sorted(np.unique(case.label)) == list(range(8)) and list(pairs.structures.values())[4] == "myocardium"
    assert pairs.read(pairs.pairs[0]).label is None


def test_mmwhs_with_errors(mmwhs):
    (mmwhs / "ct_train" / "ct_train_1001_label.nii.gz").unlink()
    write_nifti(mmwhs / "ct_train" / "ct_train_1003_label.nii.gz", labels(HEART))
    write_nifti(mmwhs / "ct_train" / "ct_train_1002_label.nii.gz", labels((421, 500)))
    pairs = read_mmwhs(mmwhs)
    assert pairs.refused["message"].tolist() == [
        "ct_train_1001: no ct_train_1001_label.nii.gz. Unpack the data set again, or leave the subject out.",
        "ct_train_1003: no ct_train_1003_image.nii.gz. Unpack the data set again, or leave the subject out.",
    ]
    assert set(np.unique(pairs.read(pairs.pairs[1]).label)) == {0, 1, 3}  # 421 stands for 420, the left atrium
    swapped = write_nifti(mmwhs / "ct_train" / "ct_train_1002_image.nii.gz", mr())
    with pytest.raises(VolumeError, match=f"{swapped.name}: values from 0 to 900"):
        pairs.read(pairs.pairs[1])
    with pytest.raises(ValueError, match="choose 'ct' or 'mr'"):
        read_mmwhs(mmwhs, "CT")


@pytest.fixture
def brats(tmp_path):
    root = tmp_path / "MICCAI_BraTS_2018_Data_Training"
    for grade, sid in (("HGG", "Brats18_2013_2_1"), ("HGG", "Brats18_CBICA_AAB_1"), ("LGG", "Brats18_TCIA09_141_1")):
        for place, part in enumerate(MODALITIES):
            write_nifti(root / grade / sid / f"{sid}_{part}.nii.gz", mr() + place)
        write_nifti(root / grade / sid / f"{sid}_seg.nii.gz", labels((1, 2, 4)))
    return root


def test_brats18(brats):
    pairs = read_brats18(brats)
    assert pairs.table["group"].tolist() == ["HGG", "HGG", "LGG"]
    assert pairs.table["modalities"].unique().tolist() == ["flair t1 t1ce t2"]
    case = pairs.read(pairs.pairs[0])
    assert case.images.shape == (4, 9, 8, 7) and (case.images[3] - case.images[0] == 3).all()
    masks = regions(case.label)
    assert (masks["whole tumour"] == (labels((1, 2, 4)) > 0)).all()
    assert (masks["tumour core"] == np.isin(labels((1, 2, 4)), (1, 4))).all()
    assert (masks["enhancing tumour"] == (labels((1, 2, 4)) == 4)).all()


def test_brats18_with_errors(brats):
    (brats / "HGG" / "Brats18_2013_2_1" / "Brats18_2013_2_1_t1ce.nii.gz").unlink()
    (brats / "LGG" / "Brats18_TCIA09_141_1" / "Brats18_TCIA09_141_1_seg.nii.gz").unlink()
    (brats / "HGG" / "Brats18_empty").mkdir()
    write_nifti(brats / "HGG" / "Brats18_CBICA_AAB_1" / "Brats18_CBICA_AAB_1_seg.nii.gz", labels((1, 2, 3)))
    pairs = read_brats18(brats)
    assert len(pairs.pairs) == 1 and "no Brats18_2013_2_1_t1ce.nii.gz" in pairs.refused["message"][0]
    assert "no Brats18_TCIA09_141_1_seg.nii.gz" in pairs.refused["message"][1]
    with pytest.raises(VolumeError, match=r"unknown values in the label map: 3; known are 0 and 1, 2, 4"):
        pairs.read(pairs.pairs[0])


def test_lits(tmp_path):
    for number in (0, 2, 10):
        write_nifti(tmp_path / "Training Batch 1" / f"volume-{number}.nii", ct())
        write_nifti(tmp_path / "Training Batch 1" / f"segmentation-{number}.nii", labels((1, 2)))
    write_nifti(tmp_path / "test" / "test-volume-0.nii", ct())
    write_nifti(tmp_path / "Training Batch 2" / "volume-131.nii", ct())
    write_nifti(tmp_path / "Training Batch 2" / "segmentation-7.nii", labels((1, 2)))
    pairs = read_lits(tmp_path)
    assert pairs.table["sid"].tolist() == ["volume-000", "volume-002", "volume-010", "test-volume-000"]
    assert pairs.refused["name"].tolist() == ["volume-007", "volume-131"]
    assert "no volume-7.nii" in pairs.refused["message"][0] and "no segmentation-131.nii" in pairs.refused["message"][1]
    assert set(np.unique(pairs.read(pairs.pairs[0]).label)) == {0, 1, 2}


@pytest.fixture
def msd(tmp_path):
    root = tmp_path / "Task02_Heart"
    names = ["la_003", "la_004"]
    for name in names:
        write_nifti(root / "imagesTr" / f"{name}.nii.gz", mr())
        write_nifti(root / "labelsTr" / f"{name}.nii.gz", labels((1,)))
        (root / "imagesTr" / f"._{name}.nii.gz").write_bytes(b"of a Mac")
    write_nifti(root / "imagesTs" / "la_001.nii.gz", mr())
    content = {
        "name": "LeftAtrium",
        "modality": {"0": "MRI"},
        "labels": {"0": "background", "1": "left atrium"},
        "training": [{"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name in names],
        "test": ["./imagesTs/la_001.nii.gz"],
    }
    (root / "dataset.json").write_text(json.dumps(content))
    return root, content


def test_msd(msd):
    pairs = read_msd(msd[0])
    assert pairs.table.to_numpy().tolist() == [["la_003", "train", "MRI", True], ["la_004", "train", "MRI", True],
                                               ["la_001", "test", "MRI", False]]  # fmt: skip
    assert pairs.structures == {1: "left atrium"} and pairs.modality == "MR" and pairs.refused.empty
    assert set(np.unique(pairs.read(pairs.pairs[0]).label)) == {0, 1}


def test_msd_with_errors(msd):
    root, content = msd
    (root / "labelsTr" / "la_003.nii.gz").unlink()
    write_nifti(root.parent / "outside.nii.gz", mr())
    content["training"].append({"image": "../outside.nii.gz", "label": "./labelsTr/la_004.nii.gz"})
    write_nifti(root / "imagesTr" / "la_004.nii.gz", mr()[..., None].repeat(2, 3))
    (root / "dataset.json").write_text(json.dumps(content))
    pairs = read_msd(root)
    assert pairs.refused["name"].tolist() == ["la_003", "outside"]
    with pytest.raises(VolumeError, match="not one 3-D frame"):
        pairs.read(pairs.pairs[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "no modality, no labels, no training"),
        ('{"labels": {"0": "a", "1": "b"}, "training": []}', "no modality in it"),
        ('{"modality": {"a": "CT"}, "labels": {"1": "b"}, "training": []}', "not numbered"),
        ('{"modality": {"0": "CT"}, "labels": {"0": "b"}, "training": []}', "are empty"),
        ('{"modality": {"0": "CT"}, "labels": {"1": "b"}, "training": ["a"]}', "not in pairs"),
    ],
)
def test_msd_with_a_bad_list(tmp_path, text, message):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(ValueError, match=rf"dataset\.json: .*{message}"):
        read_msd(tmp_path)


@pytest.mark.parametrize("read", [read_mmwhs, read_brats18, read_lits, read_msd])
def test_nothing_there(tmp_path, read):
    with pytest.raises(FileNotFoundError, match=r"nowhere: no such folder\. Give"):
        read(tmp_path / "nowhere")
    with pytest.raises((ValueError, FileNotFoundError), match=r"no (files called|such file)"):
        read(tmp_path)
