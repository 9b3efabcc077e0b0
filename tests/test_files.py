"""Files appear whole, with the mode of the run, or not at all."""

import errno
import json
import os
import stat
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from drasclr_core.files import NotWritableError, atomic, write_csv, write_json, write_parquet


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_killed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    code = f"""
import os, signal
from drasclr_core.files import atomic
with atomic({str(target)!r}) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert target.read_text() == "old"


def test_atomic_replaces_a_folder_and_keeps_suffixes(tmp_path):
    target = tmp_path / "x.nii.gz"
    for content in ("1", "2"):
        with atomic(target) as temporary:
            assert temporary.name.endswith(".nii.gz")
            temporary.mkdir()
            (temporary / content).touch()
    assert [path.name for path in target.iterdir()] == ["2"]


def test_a_folder_that_cannot_be_replaced_is_as_it_was(tmp_path, monkeypatch):
    target, rename = tmp_path / "encoder", os.replace
    target.mkdir()
    (target / "old").write_text("kept")

    def fails_for_the_new_one(source, to):
        if (source / "new").exists():
            raise OSError(errno.EIO, "broken")
        rename(source, to)

    monkeypatch.setattr("os.replace", fails_for_the_new_one)
    with pytest.raises(OSError, match="broken"), atomic(target) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert list(tmp_path.iterdir()) == [target]
    assert [path.name for path in target.iterdir()] == ["old"] and (target / "old").read_text() == "kept"


def test_json_holds_no_path(tmp_path):
    write_json(tmp_path / "a.json", {"image": tmp_path / "scan.nii.gz"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"image": "scan.nii.gz"}


def test_tables_are_written_whole_without_their_index(tmp_path):
    table = pd.DataFrame({"sid": ["007"], "share": [1 / 3]}, index=[5])
    write_csv(tmp_path / "a.csv", table)
    write_csv(tmp_path / "short.csv", table, "%.3g")
    write_parquet(tmp_path / "a.parquet", table)
    assert (tmp_path / "a.csv").read_text() == f"sid,share\n007,{1 / 3}\n"
    assert (tmp_path / "short.csv").read_text() == "sid,share\n007,0.333\n"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), table.reset_index(drop=True))
    (tmp_path / "a.parquet").write_text("old")
    with pytest.raises(ValueError):
        write_parquet(tmp_path / "a.parquet", pd.DataFrame([[1, 2]], columns=["same", "same"]))
    assert (tmp_path / "a.parquet").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_whatever_wrote_a_file_it_gets_the_mode_of_the_run(tmp_path, umask):
    """Weights are written 0600 by their library; others who share the run must be able to read them."""
    before = os.umask(umask)
    try:
        with atomic(tmp_path / "weights" / "model.safetensors") as temporary:
            save_file({"a": np.zeros(2, np.float32)}, temporary)
        with atomic(tmp_path / "encoder") as temporary:
            (temporary / "inner").mkdir(parents=True)
            save_file({"a": np.zeros(2, np.float32)}, temporary / "inner" / "model.safetensors")
            temporary.chmod(0o700)
        write_json(tmp_path / "a.json", {})
    finally:
        os.umask(before)
    files = ["weights/model.safetensors", "encoder/inner/model.safetensors", "a.json"]
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in [*files, "encoder", "encoder/inner"]}
    assert modes == dict.fromkeys(files, 0o666 & ~umask) | dict.fromkeys(["encoder", "encoder/inner"], 0o777 & ~umask)


def test_folder_shared_by_a_group_stays_so(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o2775)
    with atomic(tmp_path / "shared" / "encoder") as temporary:
        temporary.mkdir()
    assert (tmp_path / "shared" / "encoder").stat().st_mode & stat.S_ISGID


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "quota"),
                                    RuntimeError("I/O error: No space left on device (os error 28)")])  # fmt: skip
def test_full_disk_is_said_in_one_line_and_leaves_nothing(tmp_path, raised):
    (tmp_path / "a.csv").write_text("old")
    expected = pytest.raises(NotWritableError, match=r"/a\.csv: cannot be written \(No space left.*Free space")
    with expected as said, atomic(tmp_path / "a.csv") as temporary:
        temporary.write_text("half")
        raise raised
    assert "\n" not in str(said.value) and str(tmp_path) not in str(said.value)
    assert (tmp_path / "a.csv").read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["a.csv"]


def test_library_that_names_no_cause_fails_on_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(NotWritableError, match="No space left"), atomic(tmp_path / "model.pt"):
        raise RuntimeError("file write failed")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_run_that_may_not_be_written_to(tmp_path, monkeypatch, number):
    def forbidden(*arguments, **settings):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.mkdir", forbidden)
    with pytest.raises(NotWritableError, match=r"/a\.json: cannot be written.*give another run or folder"):
        write_json(tmp_path / "a.json", {})
