"""No folder of an absolute path stays in a text, and what only looks like a path does."""

import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.run import project_root
from drasclr_core.workflow.portable import known_folders, portable_text, portable_value

words = st.text("ABCÜŁ中", min_size=2, max_size=5)
folders = st.builds(
    lambda first, parts: first + "".join(map("".join, parts)),
    words,
    st.lists(
        st.tuples(st.sampled_from([" ", ", ", "-", "_", ".", ". ", "&", "'", "=", "#", "+", "@"]), words), max_size=3
    ),
)
TEXTS = ["{}", "see {} now", "image={}", "image:{}", "image: {}", "a,{}", "[x]({})", "<td>{}</td>", "`{}`", "file://{}",
         "{} and 3/4 of https://a.org/b/c", "({}) and/or"]  # fmt: skip


@given(st.lists(folders, min_size=1, max_size=3), st.sampled_from([*TEXTS, "repr", '"{}"', "html", "two"]))
def test_no_folder_stays_and_the_last_name_does(names, text):
    path = f"/{'/'.join(names)}/x_1.nii.gz"
    made = {"repr": repr(path), "html": f"<p>{html.escape(path)}</p>", "two": f"{path!r}, {path!r}"}.get(text)
    cut = portable_text(made or text.format(path))
    assert not set("ABCÜŁ中") & set(cut), cut
    assert cut.count("…/x_1.nii.gz") == (2 if text == "two" else 1)
    if text in TEXTS:
        assert cut == text.removeprefix("file://").format("…/x_1.nii.gz")


def test_absolute_paths_are_cut():
    assert portable_text(f"{project_root()}/runs/demo/x.csv") == "runs/demo/x.csv"
    assert portable_text(f"see {Path.home()}/data/scans/a.nii.gz now") == "see …/a.nii.gz now"
    assert portable_text("mask = '/data/lungs/mask.nii.gz'") == "mask = '…/mask.nii.gz'"
    assert portable_text("/data/Müller, Hans/x.nii") == "…/x.nii"
    assert portable_text("image=/home/al/scans/x.nii.gz") == "image=…/x.nii.gz"
    assert portable_text("~/scans/Müller, Hans/*.nii") == "…/*.nii"
    assert portable_text("in /home/al/scans/, and '/home/al/'") == "in …/scans/, and '…/al/'"


@pytest.mark.parametrize(
    "text",
    ["and/or 3/4", "https://doi.org/10.1016/j.media", "data:image/jpeg;base64,/9j/4AAQ/x+/ab/cd==", "<td>a</td>",
     "R²/FEV1/x", "(a + b)/c/d", "$R^2$/a/b", "10 °/s/x", "runs/*/notebooks/copd/x.ipynb", "../a/b", "</i><br/>x</p>",
     '<i class="a"/><b>c</b><i class="d"/>', "{doc}`/method/lungs` and {doc}`/method/quality`", "/or/ b", "…/a.csv",
     "s3://bucket/a/b", "a / b / c", '"/9j/' + "4AAQ/x+/" * 40 + '"'],
)  # fmt: skip
def test_what_is_no_path_stays(text):
    assert portable_text(text) == text


def test_a_parameter_that_is_a_path_keeps_its_last_name():
    assert portable_value("/data/[Müller]: 1/x 2.nii") == "…/x 2.nii"
    assert portable_value(f"{project_root()}/my scans/x.nii") == "my scans/x.nii"
    assert portable_value("a, b") == "a, b" and portable_value(3) == 3 and portable_value("/") == "/"
    assert known_folders({"a": "/data/b/c.nii", "n": 1, "run": "demo", "d": "/x"}) == ["/data/b"]


def test_paths_in_lists_and_dicts_are_cut_too():
    given = {"folders": {"heart": "/data/Doe_Jane/mmwhs", "deep": {"/data/Doe, J/a b": [1, "/x/y/c.nii"]}},
             "scans": ["/data/Doe_Jane/a.nii.gz", f"{project_root()}/runs/b.nii"], "n": 2}  # fmt: skip
    assert {name: portable_value(value) for name, value in given.items()} == {
        "folders": {"heart": "…/mmwhs", "deep": {"…/a b": [1, "…/c.nii"]}}, "scans": ["…/a.nii.gz", "runs/b.nii"],
        "n": 2}  # fmt: skip
    assert set(known_folders(given)) == {"/data/Doe_Jane", "/data/Doe, J", "/x/y", f"{project_root()}/runs"}
