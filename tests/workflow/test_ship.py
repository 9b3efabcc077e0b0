"""What travels of a run: small, whole enough to describe a scan, and nothing that names a machine or a person."""

import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.describe import describe_scan
from drasclr_core.describe.subtype_maps import detectors_for
from drasclr_core.detect.detector.detector import FOLDS_FILE
from drasclr_core.detect.verdict import drawing_method, write_verdicts
from drasclr_core.evaluate.measured import is_simulated
from drasclr_core.files import write_json
from drasclr_core.methods import load_encoder
from drasclr_core.model.weights import WEIGHTS, weights_fingerprint
from drasclr_core.provenance import stage_record
from drasclr_core.represent.features import is_of
from drasclr_core.run import Run
from drasclr_core.workflow.ship import ship

from ..describe.trained_run import make_run, verdict_on

METHOD = "drasclr_finetuned"
QUICK = {"stride": 8, "block": 16, "check": 0}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("runs") / "whole")
    for path in (run.notebooks / "copd" / "10_phenotypes.ipynb", run.results / "stages" / "copd-10_phenotypes.json"):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"stage": "10_phenotypes"}))
    (run.results / "table2.csv").write_text("method,mean\nlaa950,0.5\n")
    (run.results / "table2_bootstrap.csv").write_text("method,draw\nlaa950,1\n")
    return run


def test_a_scan_is_described_as_by_the_whole_run(run, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.describe.scan.write_report", lambda found, scan: found.report.write_text(""))
    written = ship(run, tmp_path / "shown")
    there = Run(str(tmp_path / "shown"), "copd")
    image = run.images / "P0.nii.gz"
    (first, second) = (
        describe_scan(image, one, tmp_path / name, name="a", **QUICK) for one, name in ((run, "x"), (there, "y"))
    )
    columns = [name for name in first.landmarks if name.startswith("f0")]
    np.testing.assert_allclose(second.landmarks[columns], first.landmarks[columns], atol=0.02)
    for subtype in SUBTYPES:
        maps = [nib.load(one.folder / f"{subtype}_probability.nii.gz").get_fdata() for one in (first, second)]
        np.testing.assert_allclose(maps[1], maps[0], atol=0.02)
    assert second.place is not None and second.made["simulated"] and is_simulated(there)
    names = {path.relative_to(tmp_path / "shown").as_posix() for path in written}
    assert {
        "results/table2.csv",
        "notebooks/copd/10_phenotypes.ipynb",
        "copd/pretrain/drasclr/model.safetensors",
    } <= names
    assert not any("bootstrap" in name or "images" in name for name in names)


def test_a_subject_that_the_travelling_detectors_trained_on_is_described_without_them(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "whole")
    whole, there = Run(f"{tmp_path}/whole/"), Run(f"{tmp_path}/shown/")
    pd.DataFrame({"sid": ["P1", "P2"], "fold": [0, 1]}).to_csv(whole.detectors(METHOD) / FOLDS_FILE, index=False)
    ship(whole, there.folder)
    for sid, trained_on in (("P1", False), ("P2", True), (None, False)):
        found, why = detectors_for(there, METHOD, SUBTYPES, sid)
        assert list(found) == ([] if trained_on else list(SUBTYPES))
        assert why.count("were trained on this subject") == len(SUBTYPES) * trained_on


def test_detectors_of_the_method_that_draws_travel_and_others_do_not(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "whole")
    whole, there = Run(f"{tmp_path}/whole/"), Run(f"{tmp_path}/shown/")
    shutil.copytree(whole.detectors(METHOD), whole.detectors("models_genesis_finetuned"))
    write_verdicts(whole, METHOD, [verdict_on(subtype, sees=False) for subtype in SUBTYPES])
    write_verdicts(whole, "models_genesis_finetuned", [verdict_on(SUBTYPES[0], True), verdict_on(SUBTYPES[1], False)])
    ship(whole, there.folder)
    found, why = detectors_for(there, drawing_method(there), SUBTYPES, None)
    assert drawing_method(there) == "models_genesis_finetuned" and list(found) == [SUBTYPES[0]]
    assert f"{SUBTYPES[1].capitalize()} emphysema is not drawn" in why, "the verdict travels"
    assert [path.name for path in there.detectors(METHOD).iterdir()] == ["verdict.json"], "told of, and not drawn"


def test_shipping_again_leaves_nothing_of_the_first_time(run, tmp_path):
    ship(run, tmp_path)
    (tmp_path / "results" / "table9.csv").write_text("old")
    (tmp_path / "copd" / "features" / "old").mkdir()
    ship(run, tmp_path)
    assert not (tmp_path / "results" / "table9.csv").exists() and not (tmp_path / "copd" / "features" / "old").exists()


def test_features_of_whole_weights_do_not_say_that_rounded_weights_made_them(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "whole")
    whole = Run(str(tmp_path / "whole"), "copd")
    table = pd.read_parquet(whole.features() / "image.parquet")
    table.attrs["encoder"] = weights_fingerprint(load_encoder(whole.pretrain()))
    table.to_parquet(whole.features() / "image.parquet", index=False)
    ship(whole, tmp_path / "out")
    there = Run(str(tmp_path / "out"), "copd")
    assert is_of(pd.read_parquet(there.features() / "image.parquet"), load_encoder(there.pretrain()))


def test_a_table_that_names_a_machine_is_refused_before_anything_is_written(run, tmp_path):
    table = run.results / "table3.csv"
    table.write_text("method,file\nlaa950,/home/" + "somebody/runs/x.nii.gz\n")
    with pytest.raises(ValueError, match=r"results/table3.csv names a folder of this machine"):
        ship(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    table.unlink()


def test_a_whole_run_is_not_replaced_by_what_travels(run):
    for to in (run.folder, run.folder.parent / run.folder.name):
        with pytest.raises(ValueError, match=r"whole/copd holds scans.*give another folder"):
            ship(run, to)
    assert run.images.exists() and run.notebooks.exists()


def test_a_shipped_run_is_not_shipped_onto_itself(run, tmp_path):
    ship(run, tmp_path / "runs" / "shown")
    (tmp_path / "link").symlink_to(tmp_path / "runs" / "shown")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for to in ("runs/shown", "link", "runs/shown/again", "runs"):
        with pytest.raises(ValueError, match=r"the run's own folder, or one in it or round it.*give another folder"):
            ship(Run(str(tmp_path / "runs" / "shown"), "copd"), tmp_path / to)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_weights_that_half_precision_cannot_hold_travel_as_they_are(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "large")
    large = Run(str(tmp_path / "large"), "copd")
    encoder = load_encoder(large.pretrain())
    with torch.no_grad():
        encoder.blocks[0].conv.bias[0] = 1e5
    encoder.save_pretrained(large.pretrain())
    ship(large, tmp_path / "out")
    again = load_encoder(Run(str(tmp_path / "out"), "copd").pretrain())
    assert weights_fingerprint(again) == weights_fingerprint(encoder)


def test_damaged_weights_are_refused_before_anything_is_removed(run, tmp_path):
    ship(run, tmp_path / "out")
    shutil.copytree(run.folder, tmp_path / "damaged")
    damaged = Run(str(tmp_path / "damaged"), "copd")
    (damaged.pretrain() / WEIGHTS).write_bytes(b"")
    with pytest.raises(ValueError, match="is not the file"):
        ship(damaged, tmp_path / "out")
    assert (tmp_path / "out" / "results" / "table2.csv").exists() and Run(str(tmp_path / "out")).subjects.exists()


def test_people_do_not_travel(tmp_path):
    run = make_run(tmp_path / "people")
    run.truth.rmdir()
    with pytest.raises(ValueError, match="cohort copd: not simulated"):
        ship(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_people_in_the_place_of_simulated_subjects_do_not_travel(tmp_path):
    run = make_run(tmp_path / "people")  # with a truth that is left of the cohort before
    write_json(stage_record(run, "01_cohort"), {"stage": "01_cohort", "parameters": {"manifest": "scans.csv"}})
    with pytest.raises(ValueError, match="cohort copd: not simulated"):
        ship(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    write_json(stage_record(run, "01_cohort"), {"stage": "01_cohort", "parameters": {"manifest": ""}})
    assert ship(run, tmp_path / "out")


def test_features_that_half_precision_cannot_hold_stay_as_they_are(run, tmp_path):
    table = pd.DataFrame({"sid": ["P0", "P1"], "f000": [0.1, 0.2], "f001": [1e-9, 1e6]})
    run.features("other").mkdir(exist_ok=True)
    table.to_parquet(run.features("other") / "image.parquet")
    ship(run, tmp_path)
    again = pd.read_parquet(Run(f"{tmp_path}/", "copd").features("other") / "image.parquet")
    assert (again["f001"] == table["f001"]).all()
    np.testing.assert_allclose(again["f000"], table["f000"], rtol=1e-3)
