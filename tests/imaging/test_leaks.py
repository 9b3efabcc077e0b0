"""What a DICOM header says about a person reaches no message, no file and no page."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.quality import quality_table
from drasclr_core.anatomy.subject import find_lungs
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.imaging.volume import VolumeError, load_volume
from drasclr_core.report.gallery import write_gallery
from drasclr_core.run import Run

from .scan_files import chest, whole_chest, write_series

TELLING = {
    "PatientName": "Zyxwvut^Qrs",
    "PatientID": "MRN4711",
    "PatientBirthDate": "19470102",
    "PatientAddress": "Elmstreet 5",
    "OtherPatientIDs": "SSN998877",
    "AccessionNumber": "ACC112233",
    "StudyInstanceUID": "1.2.840.99.1.77777",
    "FrameOfReferenceUID": "1.2.840.99.2.88888",
    "SeriesDescription": "Thorax Zyxwvut",
    "StudyDescription": "KlinikumXyz",
    "InstitutionName": "KlinikumXyz",
    "ReferringPhysicianName": "Doktor^Abc",
    "StationName": "STATION9X",
    "StudyDate": "20011203",
    "ImageComments": "commentXYZ",
}
WORDS = (
    r"zyxwvut|MRN4711|19470102|elmstreet|SSN998877|ACC112233|77777|88888|klinikumxyz|doktor|STATION9X|20011203|comment"
)


def damaged_in(tag, value):
    return lambda item, k: setattr(item, tag, value)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A good series and series with every kind of fault in a tag that is read."""
    folder, run = tmp_path_factory.mktemp("scans"), Run(str(tmp_path_factory.mktemp("runs") / "one"), "copd")
    volume, small = whole_chest(), (chest(), np.diag([2.0, 2, 2, 1]))
    lps = np.diag([-1.0, -1, 1, 1]) @ volume.affine
    write_series(folder / "good", np.clip(volume.array, -1024, None), lps, **TELLING)
    write_series(folder / "mr", *small, **TELLING | {"modality": "MR"})
    write_series(folder / "person", *small, **TELLING, edit=damaged_in("Modality", "ZYXWVUT"))
    write_series(folder / "type", *small, **TELLING, edit=damaged_in("ImageType", ["ZYXWVUT", "LOCALIZER"]))
    write_series(folder / "gap", *small, **TELLING, skip=range(4, 12))
    write_series(folder / "no_rows", *small, **TELLING, edit=lambda item, k: delattr(item, "Rows"))
    cut = write_series(folder / "cut", *small, **TELLING) / "003.dcm"
    cut.write_bytes(cut.read_bytes()[:-99])
    sids = sorted(path.name for path in folder.iterdir())
    write_subjects(run, pd.DataFrame({"sid": sids, "image": [str(folder / sid) for sid in sids]}))
    for sid in sids:
        find_lungs((sid, str(folder / sid)), run.cohort / "anatomy", 4.0)
    write_gallery(run, workers=1)
    return run


def test_nothing_of_the_header_is_in_any_file(run):
    verdicts = quality_table(run).set_index("sid")["verdict"]
    assert verdicts["good"] != "refused" and (verdicts.drop("good") == "refused").all()
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    assert len(files) > 15
    for file in files:
        found = re.search(WORDS.encode(), file.read_bytes(), re.IGNORECASE)
        assert not found, f"{file.name} holds {found[0]!r}"


def test_nothing_of_the_header_is_printed(tmp_path, capfd, recwarn):
    """Neither by us nor by the libraries, whose warnings quote values and paths."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of writing
        write_series(tmp_path / "s", chest(), np.diag([2.0, 2, 2, 1]), **TELLING | {"modality": "Zyxwvut^Qrs"})
        write_series(tmp_path / "t", chest(), np.diag([2.0, 2, 2, 1]), **TELLING, skip=(3,))
    capfd.readouterr()
    with pytest.raises(VolumeError):
        load_volume(tmp_path / "s", 2.0)
    load_volume(tmp_path / "t", 2.0)
    assert "".join(capfd.readouterr()) == "" and not recwarn.list


def test_nothing_of_the_header_is_in_a_message(run):
    text = "\n".join(quality_table(run)["reasons"])
    assert not re.search(WORDS, text, re.IGNORECASE) and "not CT" in text
