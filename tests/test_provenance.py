import subprocess
import sys
import time

from drasclr_core.files import read_json, write_json
from drasclr_core.provenance import (
    Meter,
    code_version,
    computed_before,
    hardware,
    input_fingerprints,
    merge_manifest,
    stage_record,
    stage_table,
    versions,
)
from drasclr_core.run import Run


def test_meter_counts_the_memory_of_children():
    child = "import time; block = bytearray(200_000_000); time.sleep(1.5)"
    with Meter() as meter:
        subprocess.run([sys.executable, "-c", child], check=True)
    assert meter.peak_mb > 200 and 1.5 <= meter.seconds < 30


def test_meter_measures_seconds():
    with Meter() as meter:
        time.sleep(0.2)
    assert 0.2 <= meter.seconds < 5


def test_machine_and_code_are_described():
    assert hardware()["cores"] >= 1 and hardware()["memory_gb"] >= 1
    assert set(code_version()) == {"sha", "dirty"}
    assert versions()["torch"].startswith("2.13.0")


def test_what_a_run_writes_is_no_change_of_the_code(tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.provenance.project_root", lambda: tmp_path)
    for name in ("runs/shown/table.csv", "core.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "runs/shown/table.csv").write_text("2")
    assert code_version()["dirty"] is False and len(code_version()["sha"]) == 12
    (tmp_path / "core.py").write_text("2")
    assert code_version()["dirty"] is True


def test_inputs_are_the_files_that_exist(tmp_path):
    run = Run(str(tmp_path / "r"))
    assert input_fingerprints(run) == {}
    run.subjects.parent.mkdir(parents=True)
    run.subjects.write_text("x")
    assert list(input_fingerprints(run)) == ["copd/cohort/subjects.parquet"]


def test_manifest_collects_stages(tmp_path):
    run = Run(str(tmp_path / "r"))
    record = {
        "run": "demo",
        "cohort": "copd",
        "seconds": 1.6,
        "peak_mb": 10.2,
        "code": {"sha": "abc", "dirty": False},
        "day": "2026-01-02",
    }
    for stage in ("02_lungs", "01_cohort"):
        write_json(stage_record(run, stage), {**record, "stage": stage})
    table = stage_table(merge_manifest(run.folder))
    assert list(table["stage"]) == ["01_cohort", "02_lungs"] and list(table["work (s)"]) == [2, 2]
    assert read_json(run.results / "manifest.json")["run"] == "demo", "copied results keep the name of their run"


def test_what_the_work_cost_is_kept_when_a_page_is_made_again():
    code = {"sha": "abc", "dirty": False}
    first = {"seconds": 90.0, "peak_mb": 9.0, "code": code, "day": "2026-01-02", "parameters": {"epochs": 3}}
    again = first | {"seconds": 4.0, "code": {"sha": "def", "dirty": False}}
    work = computed_before(first, again)
    assert work == {"seconds": 90.0, "peak_mb": 9.0, "code": code, "day": "2026-01-02"}
    assert computed_before(again | {"computed": work}, again) == work, "and once more"
    assert computed_before({}, again) == {} and computed_before(again, first) == {}
    assert computed_before(first, first | {"seconds": 60.0}) == {}, "nearly as long: it was computed anew"
    assert computed_before(first | {"parameters": {"epochs": 9}}, again) == {}
    one, other = ({"cohort": "copd", "inputs": {"copd/cohort/subjects.parquet": name}} for name in ("aaa", "bbb"))
    assert computed_before(first | one, again | one) == work
    assert computed_before(first | one, again | other) == {}, "of other subjects nothing was kept"
    one, other = (
        {"cohort": "copd", "inputs": {"copd/pretrain/drasclr/model.safetensors": name}} for name in ("a", "b")
    )
    assert computed_before(first | one, again | one) == work
    assert computed_before(first | one, again | other) == {}, "features of other weights were not kept"
    of_another = {"parameters": {"method": "moco"}}
    assert computed_before(first | one | of_another, again | other | of_another) == work, "these are not its weights"
