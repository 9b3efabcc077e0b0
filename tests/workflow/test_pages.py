import pytest

from drasclr_core.files import write_json
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run
from drasclr_core.workflow.book import check_one_commit
from drasclr_core.workflow.pages import commits, provenance_page

RECORD = {
    "run": "r",
    "cohort": "copd",
    "stage": "06_pretrain",
    "seconds": 90.0,
    "peak_mb": 1500.0,
    "day": "2026-01-02",
    "code": {"sha": "abc", "dirty": False},
    "hardware": {"cores": 2},
    "versions": {"torch": "2"},
    "parameters": {"run": "r", "cohort": "copd", "epochs": 3, "methods": ["a|b"]},
    "inputs": {"copd/atlas/landmarks.npy": "0123456789ab"},
}


def test_provenance_page_holds_cost_machine_and_parameters():
    page = provenance_page({"run": "r", "stages": [RECORD]})
    for piece in ("90", "1500", "commit `abc`", "cores 2", "torch 2", "`epochs=3; methods=['a\\|b']`", "1.5 minutes"):
        assert piece in page, piece
    assert page.count("{dropdown}") == 2, "the two long tables are folded"
    assert "_static/manifest.json" in page and "0123456789ab" not in page, "inputs are in the manifest"


def test_work_and_page_are_told_apart():
    work = {name: RECORD[name] for name in ("seconds", "peak_mb", "code", "day")}
    again = RECORD | {"seconds": 4.0, "peak_mb": 300.0, "code": {"sha": "def", "dirty": False}, "computed": work}
    page = provenance_page({"run": "r", "stages": [again]})
    (row,) = (line for line in page.splitlines() if "06_pretrain" in line and "def" in line)
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[3:6] == ["90", "4", "1500"] and "1.5 minutes of work" in page


def test_provenance_of_an_empty_run():
    assert "No stage" in provenance_page({"run": "r", "stages": []})


def test_commits_are_counted_with_the_most_first():
    other = RECORD | {"code": {"sha": "def", "dirty": True}}
    assert commits([other, RECORD, RECORD]) == {"abc": 2, "def + changes": 1}


@pytest.mark.parametrize("second", [{"sha": "def", "dirty": False}, {"sha": "abc", "dirty": True}])
def test_a_run_of_mixed_commits_is_refused(tmp_path, second):
    run = Run(str(tmp_path / "r"))
    write_json(stage_record(run, "01_cohort"), RECORD | {"stage": "01_cohort"})
    check_one_commit(run)
    write_json(stage_record(run, "02_lungs"), RECORD | {"stage": "02_lungs", "code": second})
    with pytest.raises(ValueError, match=r"not all of one commit \(1 by abc, 1 by (def|abc \+ changes)\).*--mixed"):
        check_one_commit(run)


def test_a_run_without_records_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no page has a record"):
        check_one_commit(Run(str(tmp_path / "r")))
