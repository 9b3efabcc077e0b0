"""VinDr-CXR in its published layout: the majority of three readers counts, boxes have an area."""

import pandas as pd
import pytest

from drasclr_core.cohort.images import read_grey
from drasclr_core.cohort.images.datasets import read_vindr_cxr

from ..image_files import gradient, write_radiograph

A, B, C = "000434271f63a053c4128a0ba6352c7f", "00053190460d56c53cc3e57321387478", "0005e8e3701dfb1dd93d53e2ff537b6e"


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "vindr-cxr"
    for sid in (A, B):
        write_radiograph(root / "train" / f"{sid}.dicom", gradient(), PhotometricInterpretation="MONOCHROME1")
    write_radiograph(root / "test" / f"{C}.dicom", gradient())
    (root / "annotations").mkdir()
    rows = [(A, "R1", 1, 0, 0), (A, "R2", 1, 0, 0), (A, "R3", 0, 1, 0), (B, "R1", 0, 0, 1), (B, "R2", 0, 0, 1),
            (B, "R9", 1, 0, 0), (C, "R1", 1, 1, 0)]  # fmt: skip
    columns = ["image_id", "rad_id", "Cardiomegaly", "Lung Opacity", "No finding"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "annotations" / "image_labels_train.csv", index=False)
    pd.DataFrame([(C, 0, 1, 0)], columns=columns[:1] + columns[2:]).to_csv(
        root / "annotations" / "image_labels_test.csv", index=False
    )
    (root / "annotations" / "annotations_train.csv").write_text(
        "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n"
        f"{A},R1,Cardiomegaly,5,6,20.5,30\n{A},R2,Cardiomegaly,9,6,9,30\n{B},R1,No finding,,,,\n{C},R1,Other,1,1,2,2\n"
    )
    return root


def test_the_majority_of_the_readers_counts(folder):
    vindr = read_vindr_cxr(folder)
    images = vindr.images.set_index("sid")
    assert images.loc[[A, B], ["Cardiomegaly", "Lung Opacity", "abnormal"]].to_numpy().tolist() == [
        [1, 0, 1],
        [0, 0, 0],
    ]
    assert "No finding" not in images and read_grey(images.loc[A, "image"]).source["inverted"]
    assert vindr.refused["message"].tolist() == [
        f"{C}.dicom: no such file in train. Download it again, or go on without it."
    ]
    assert vindr.boxes.to_numpy().tolist() == [[A, "R1", "Cardiomegaly", 5, 6, 20.5, 30]]
    assert vindr.notes == ["annotations_train.csv: boxes without an area, left out: 1."]


def test_the_test_part_has_one_consensus(folder):
    vindr = read_vindr_cxr(folder, "test")
    assert vindr.images["abnormal"].tolist() == [1] and vindr.boxes.empty
    assert vindr.notes == ["No annotations_test.csv: there are no boxes."]


def test_errors_say_what_to_do(folder, tmp_path):
    with pytest.raises(ValueError, match="choose 'train' or 'test'"):
        read_vindr_cxr(folder, "val")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        read_vindr_cxr(tmp_path / "nowhere")
    labels = folder / "annotations" / "image_labels_train.csv"
    good = labels.read_text()
    labels.write_text(good.replace(f"{B},R2,0", f"{B},R2,maybe"))
    assert "rows with another value than 0 and 1, left out: 1." in read_vindr_cxr(folder).notes[0]
    labels.write_text("image_id,rad_id\n")
    with pytest.raises(ValueError, match="none of findings"):
        read_vindr_cxr(folder)
    labels.write_text(good.replace(A, "x").replace(B, "y"))
    with pytest.raises(ValueError, match="none of 3 labelled images is in train"):
        read_vindr_cxr(folder)
    labels.unlink()
    with pytest.raises(FileNotFoundError, match=r"image_labels_train\.csv: no such file"):
        read_vindr_cxr(folder)
    (folder / "annotations" / "annotations_test.csv").write_text("image_id,class_name\n")
    with pytest.raises(ValueError, match="no column x_min, y_min, x_max, y_max"):
        read_vindr_cxr(folder, "test")
