"""The run folder: paths, and what is said of a name that does not exist."""

import pytest

from drasclr_core.files import write_json
from drasclr_core.run import Run, check_started, project_root


def test_run_by_name_and_by_path(tmp_path):
    assert Run("demo").subjects == project_root() / "runs/demo/copd/cohort/subjects.parquet"
    run = Run(str(tmp_path / "mine"), "covid")
    assert run.name == "mine" and run.patches == tmp_path / "mine" / "covid" / "patches.zarr"


@pytest.mark.parametrize("name", ["./mine", "mine/", "../here/mine", "./mine/.."])
def test_a_relative_path_is_the_same_run_from_every_folder(tmp_path, monkeypatch, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    run = Run(name)
    assert run.folder == (tmp_path / "here" if name.endswith("..") else tmp_path / "here" / "mine")
    assert run.name == run.folder.name
    monkeypatch.chdir(tmp_path)  # as a kernel does
    assert Run(str(run.folder), "covid").folder == run.folder


def test_folder_that_is_a_file_is_no_matter_of_permissions(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        write_json(tmp_path / "file" / "a.json", {})
    assert Run(2024).folder == project_root() / "runs/2024"


def test_a_variant_of_the_atlas_lies_beside_the_main_one(tmp_path):
    main, other = Run(str(tmp_path)), Run(str(tmp_path), variant="x")
    assert main.atlas.name == "atlas" and other.atlas.name == "atlas-x"
    assert main.patches.name == "patches.zarr" and other.patches.name == "patches-x.zarr"
    assert main.alignment("S1") == main.anatomy("S1") and other.alignment("S1") == main.anatomy("S1") / "atlas-x"
    assert (main.registration.name, other.registration.name) == ("registration_copd.csv", "registration_copd-x.csv")
    assert main.gallery != other.gallery
    with pytest.raises(ValueError, match="letters, digits"):
        Run(str(tmp_path), variant="../x")


def test_a_misspelt_run_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "demo").mkdir()
    assert check_started(Run(str(tmp_path / "demo"))).name == "demo"
    with pytest.raises(FileNotFoundError, match=r"No run 'dmeo' in .*did you mean 'demo'"):
        check_started(Run(str(tmp_path / "dmeo")))
    with pytest.raises(FileNotFoundError, match="known are demo"):
        check_started(Run(str(tmp_path / "q")))
    with pytest.raises(FileNotFoundError, match="No cohort 'copd' in demo/: known are none"):
        check_started(Run(str(tmp_path / "demo")), cohort=True)
