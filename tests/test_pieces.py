"""Work that is done once is done again only when something it depends on has changed."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.files import read_json
from drasclr_core.pieces import file_fingerprint, fingerprint, is_done, kept, mark_done, remembered_fingerprint

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3), max_leaves=5
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_fingerprint_depends_on_content_and_not_on_order(content):
    swapped = dict(reversed(list(content.items())))
    assert fingerprint(content=content) == fingerprint(content=swapped)
    assert fingerprint(content={**content, "another": 1}) != fingerprint(content=content)


def test_piece_is_done_only_for_the_same_key(tmp_path):
    assert not is_done(tmp_path, "lungs", "k1")
    mark_done(tmp_path, "lungs", "k1", volume=np.float32(4.5))
    assert (
        is_done(tmp_path, "lungs", "k1")
        and not is_done(tmp_path, "lungs", "k2")
        and not is_done(tmp_path, "affine", "k1")
    )
    assert read_json(tmp_path / ".lungs.json")["volume"] == 4.5


def test_a_piece_killed_while_it_is_remade_counts_as_done_for_no_key(tmp_path):
    """Its files may be of both keys, so going back to the first key makes it again."""
    made = []

    def killed():
        raise KeyboardInterrupt

    kept(tmp_path, "affine", "a", lambda: made.append("a"))
    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, "affine", "b", killed)
    kept(tmp_path, "affine", "a", lambda: made.append("a again"))
    assert made == ["a", "a again"]


def test_what_lies_behind_a_link_is_seen(tmp_path):
    """Two patients' folders of links to series in an archive: the reader follows them, so the fingerprint has to."""
    for name in "AB":
        (tmp_path / "archive" / name).mkdir(parents=True)
        (tmp_path / "archive" / name / "1.dcm").write_text(name)
        (tmp_path / name).mkdir()
        (tmp_path / name / "series").symlink_to(tmp_path / "archive" / name)
        (tmp_path / name / "round").symlink_to(tmp_path / name)
    found = [file_fingerprint(tmp_path / name) for name in "AB"]
    assert len(set(found)) == 2
    known = remembered_fingerprint(tmp_path / "A", {})
    assert known["content"] == found[0] and remembered_fingerprint(tmp_path / "A", known) == known
    (tmp_path / "archive" / "A" / "1.dcm").write_text("corrected")
    assert remembered_fingerprint(tmp_path / "A", known)["content"] not in found


def test_a_pipe_holds_up_nobody(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.nii.gz")
    monkeypatch.setattr(Path, "open", None)  # who opens it fails, and does not wait for ever
    assert file_fingerprint(tmp_path / "pipe.nii.gz") and file_fingerprint(tmp_path)
    assert remembered_fingerprint(tmp_path / "pipe.nii.gz", {})["content"]


def test_file_fingerprint_of_a_folder_sees_names_and_contents(tmp_path):
    (tmp_path / "1.dcm").write_text("a")
    before = file_fingerprint(tmp_path)
    (tmp_path / "1.dcm").rename(tmp_path / "2.dcm")
    renamed = file_fingerprint(tmp_path)
    (tmp_path / "2.dcm").write_text("b")
    assert len({before, renamed, file_fingerprint(tmp_path)}) == 3


@pytest.mark.parametrize(("header", "names"), [
    ("ObjectType = Image\nElementDataFile = {}\n", "ct.mhd"), ("NRRD0004\ndata file: {}\n", "ct.nhdr"),
])  # fmt: skip
def test_the_voxels_beside_a_header_count(tmp_path, header, names):
    """Two scans with equal headers are two, and voxels that are replaced are seen."""
    for folder, voxels in (("one", b"1"), ("two", b"2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / names).write_text(header.format("voxels.raw"))
        (tmp_path / folder / "voxels.raw").write_bytes(voxels)
    one, two = (tmp_path / folder / names for folder in ("one", "two"))
    assert file_fingerprint(one) != file_fingerprint(two)
    first = remembered_fingerprint(one, {})
    assert remembered_fingerprint(one, first) == first
    (tmp_path / "one/voxels.raw").write_bytes(b"other voxels")
    assert remembered_fingerprint(one, first)["content"] not in (first["content"], file_fingerprint(two))
    one.write_text(header.format("LIST"))
    before = file_fingerprint(one)
    (tmp_path / "one/ct_001.raw").write_bytes(b"a slice")
    assert file_fingerprint(one) != before
