"""A cohort of bad scans with one good one among them: each gets a message, none gets in the way of the others."""

import csv
import os
import re
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.quality import quality_table
from drasclr_core.anatomy.quality.verdict import Quality
from drasclr_core.anatomy.subject import find_lungs
from drasclr_core.cohort.sids import safe_sids
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.imaging.refusal import printable_name
from drasclr_core.imaging.volume import load_mask, save_volume
from drasclr_core.progress import for_each
from drasclr_core.run import Run

from .bad_scans import BAD, WHOLE

SPACING = 4.0
FROM_NAMES, _ = safe_sids([Path(bad.file) for bad in BAD.values()])
SIDS = {name: sid if FROM_NAMES.count(sid) == 1 else f"{sid}-{number}"
        for number, (name, sid) in enumerate(zip(BAD, FROM_NAMES, strict=True))}  # fmt: skip
"""Made from the files' names, as those of a folder of scans are, so that messages name the files."""


def can_be_made(name, path):
    """Whether this machine can make the input: root reads every file, and some file systems want names in UTF-8."""
    try:
        BAD[name].make(path)
    except (OSError, UnicodeError):
        return False
    return "permission" not in name or not all(os.access(file, os.R_OK) for file in [path, *path.glob("*")])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """The run and the names of the bad inputs in it; lungs were looked for in every scan."""
    folder = tmp_path_factory.mktemp("scans_of_John_Doe")
    run = Run(str(tmp_path_factory.mktemp("runs") / "bad"), "copd")
    names = [name for name in BAD if can_be_made(name, folder / BAD[name].file)]
    save_volume(folder / "good.nii.gz", WHOLE)
    scans = [(SIDS[name], str(folder / BAD[name].file)) for name in names]
    scans.insert(len(scans) // 2, ("good", str(folder / "good.nii.gz")))
    # The subject table is UTF-8 throughout; a name that is not reaches the reader through the list alone.
    images = [os.fsencode(image).decode("utf-8", "replace") for _, image in scans]
    write_subjects(run, pd.DataFrame({"sid": [sid for sid, _ in scans], "image": images}))
    for_each(partial(find_lungs, anatomy_folder=run.cohort / "anatomy", spacing=SPACING), scans, "lungs", workers=1)
    return run, names


def test_names_are_text_of_one_line():
    names = ["scans/a.nii", "a\nb<i>.nii", os.fsdecode(b"caf\xe9.nii"), "x" * 300]
    assert [printable_name(name) for name in names] == ["a.nii", "a\ufffdb<i>.nii", "caf\ufffd.nii", "x" * 79 + "…"]


def test_there_are_many():
    assert len(BAD) >= 40 and len({bad.file for bad in BAD.values()}) == len(BAD)


@pytest.mark.parametrize("name", BAD)
def test_bad_scan_gets_its_verdict_and_a_message(cohort, name):
    run, made = cohort
    if name not in made:
        pytest.skip("this machine cannot make such a file")
    found = Quality.load(run.anatomy(SIDS[name]) / "quality.json")
    assert found.verdict == BAD[name].verdict, found
    assert any(BAD[name].message in reason for reason in found.reasons), found.reasons
    if found.verdict == "refused":
        file = printable_name(BAD[name].file)
        # file: problem. Remedy.
        assert re.fullmatch(re.escape(file) + r": [^\n]+\. [A-Z][^\n]+\.", found.reasons[0])
        assert not (run.anatomy(SIDS[name]) / "lungs.nii.gz").exists()


def test_the_good_scan_is_as_it_is_alone(cohort, tmp_path):
    run, _ = cohort
    save_volume(tmp_path / "good.nii.gz", WHOLE)
    assert find_lungs(("alone", str(tmp_path / "good.nii.gz")), tmp_path, SPACING)["verdict"] == "ok"
    np.testing.assert_array_equal(
        load_mask(run.anatomy("good") / "lungs.nii.gz")[0], load_mask(tmp_path / "alone/lungs.nii.gz")[0]
    )
    assert Quality.load(run.anatomy("good") / "quality.json") == Quality.load(tmp_path / "alone/quality.json")


def test_nothing_tells_who_it_was(cohort):
    """Neither a path (the folder is named after a person) nor a DICOM header."""
    run, _ = cohort
    for file in (run.cohort / "anatomy").rglob("*.json"):
        assert not re.search(r"SECRET|John|/tmp|scans_of|\d\.\d+\.\d+\.\d+", file.read_text(), re.IGNORECASE), file


def test_the_table_holds_everybody(cohort, tmp_path):
    """With `$DRASCLR_BAD_INPUTS_TABLE` set it is also written there, for the book."""
    run, made = cohort
    table = quality_table(run)
    table.to_csv(tmp_path / "quality.csv")  # names of files are text that can be written
    assert len(table) == len(made) + 1 and table["sid"].iloc[-1] == "good"
    shown = table.set_index("sid").loc[[SIDS[name] for name in made], ["verdict", "reasons"]].to_numpy()
    if path := os.environ.get("DRASCLR_BAD_INPUTS_TABLE"):
        with open(path, "w", encoding="utf-8", newline="") as stream:
            lines = csv.writer(stream, lineterminator="\n")
            lines.writerow(["input", "verdict", "message"])
            for name, (verdict, message) in zip(made, shown, strict=True):
                # The page takes the cells for Markdown, in which markup would be markup.
                lines.writerow([name, verdict, escape(message, quote=False)])
