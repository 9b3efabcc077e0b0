"""LUNA16 in its published layout: places become RAS, identifiers are shown nowhere, incomplete scans are refused."""

import numpy as np
import pytest
import SimpleITK as sitk

from drasclr_core.cohort.images.datasets import read_luna16
from drasclr_core.cohort.subjects import check_subjects
from drasclr_core.imaging.readers import read_image

SERIES = [
    f"1.3.6.1.4.1.14519.5.2.1.6279.6001.{number}" for number in (100225287222365663678666836860, 277445975068759205, 3)
]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "LUNA16"
    for subset, series in zip((0, 0, 9), SERIES, strict=True):
        (root / f"subset{subset}").mkdir(parents=True, exist_ok=True)
        image = sitk.GetImageFromArray(np.linspace(-1000, 400, 240).reshape(6, 8, 5).astype(np.int16))
        image.SetOrigin((-100.0, -50.0, 20.0))
        sitk.WriteImage(image, str(root / f"subset{subset}" / f"{series}.mhd"))
    rows = [f"{SERIES[0]},-128.7,-175.3,-298.4,5.65", f"{SERIES[2]},10,20,30,4.2", "1.2.3.4.5.6.7,1,2,3,4"]
    (root / "annotations.csv").write_text("\n".join(["seriesuid,coordX,coordY,coordZ,diameter_mm", *rows]))
    rows = [f"{SERIES[0]},-128,-175,-298,1", f"{SERIES[1]},1,2,3,0", f"{SERIES[1]},1,2,3,7", f"{SERIES[1]},x,2,3,0"]
    (root / "candidates_V2.csv").write_text("\n".join(["seriesuid,coordX,coordY,coordZ,class", *rows]))
    (root / "candidates.csv").write_text("seriesuid,coordX,coordY,coordZ,class\n")
    return root


def test_tables(folder):
    luna = read_luna16(folder)
    assert luna.scans["subset"].tolist() == [0, 0, 9] and luna.refused.empty
    check_subjects(luna.scans, "LUNA16")
    assert luna.nodules[["x", "y", "z", "diameter_mm"]].to_numpy().tolist() == [[128.7, 175.3, -298.4, 5.65],
                                                                               [-10, -20, 30, 4.2]]  # fmt: skip
    assert luna.nodules["sid"].isin(luna.scans["sid"]).all()
    assert luna.candidates["nodule"].tolist() == [1, 0] and luna.excluded.empty
    assert luna.notes == [
        "annotations.csv: rows of scans that are not there, left out: 1.",
        "candidates_V2.csv: rows without a place, left out: 1.",
        "candidates_V2.csv: rows with another class than 0 and 1, left out: 1.",
    ]


def test_places_are_those_of_the_scan_as_it_is_read(folder):
    array, affine, _ = read_image(read_luna16(folder).scans["image"][0])
    corner = affine[:3, 3]
    assert corner.tolist() == [100, 50, 20] and array.shape == (5, 8, 6)


def test_no_identifier_is_shown(folder):
    (folder / "subset9" / f"{SERIES[2]}.raw").unlink()
    luna = read_luna16(folder)
    shown = luna.scans["sid"].str.cat() + luna.refused.to_csv() + luna.nodules.to_csv() + "".join(luna.notes)
    assert "1.3.6" not in shown and len(luna.scans) == 2 and len(luna.nodules) == 1


def test_incomplete_scans_are_refused(folder):
    (folder / "subset0" / f"{SERIES[0]}.raw").write_bytes(b"123")
    (folder / "subset0" / f"{SERIES[1]}.mhd").write_text("ObjectType = Image\n")
    messages = read_luna16(folder).refused["message"].tolist()
    assert any("its data file is incomplete" in one for one in messages)
    assert any("no ElementDataFile in the header" in one for one in messages)


def test_findings_that_do_not_count(folder):
    (folder / "annotations_excluded.csv").write_text(
        f"seriesuid,coordX,coordY,coordZ,diameter_mm\n{SERIES[0]},1,2,3,-1\n{SERIES[0]},1,2,3,6\n"
    )
    assert read_luna16(folder).excluded["diameter_mm"].isna().tolist() == [True, False]


def test_bad_tables(folder):
    (folder / "annotations.csv").write_text("seriesuid,coordX,coordY,coordZ\n")
    with pytest.raises(ValueError, match=r"annotations\.csv: no column diameter_mm"):
        read_luna16(folder)
    (folder / "annotations.csv").write_text(f"seriesuid,coordX,coordY,coordZ,diameter_mm\n{SERIES[0]},1,2,3,0\n")
    assert "rows without a diameter above 0, left out: 1." in read_luna16(folder).notes[-1]
    (folder / "annotations.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"annotations\.csv: no such file"):
        read_luna16(folder)
    (folder / "subset1").mkdir()
    with pytest.raises(ValueError, match="no files called <seriesuid>"):
        read_luna16(folder / "subset1")
