import pytest

from drasclr_core.run import project_root
from drasclr_core.workflow.preset import Preset, notebook_of

ROOT = project_root(__file__)


def test_cohort_overrides_stage(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "stages: {01_cohort: {seed: 0, arm: copd}, 02_lungs: }\ncohorts: {copd: , covid: {01_cohort: {arm: covid}}}\n"
    )
    preset = Preset.load(path)
    assert preset.name == "x" and list(preset.cohorts) == ["copd", "covid"]
    assert preset.parameters("covid", "01_cohort") == {"seed": 0, "arm": "covid"}
    assert preset.parameters("copd", "02_lungs") == {}


def test_a_method_s_stage_has_the_notebook_s_parameters_and_its_own(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "stages: {06_pretrain: {lr: 1, neighbors: 2}, 06_pretrain-local: {neighbors: 0}, 07_features: ,\n"
        "  07_features-local: , 12_x: }\n"
        "cohorts: {copd: {without: [12_x]},\n"
        "  covid: {only: [12_x, 06_pretrain-local, 06_pretrain], 06_pretrain: {lr: 3}}}\n"
    )
    preset = Preset.load(path)
    assert preset.parameters("copd", "06_pretrain-local") == {"lr": 1, "neighbors": 0, "method": "local"}
    assert preset.parameters("covid", "06_pretrain-local") == {"lr": 3, "neighbors": 0, "method": "local"}
    assert preset.parameters("copd", "07_features-local") == {"method": "local"}
    assert preset.chosen["copd"] == ("06_pretrain", "06_pretrain-local", "07_features", "07_features-local")
    assert preset.chosen["covid"] == ("06_pretrain", "06_pretrain-local", "12_x")


def test_stages_that_come_before_another(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("stages: {06_a: , 06_a-local: , 07_b: }\ncohorts: {copd: }\n")
    preset = Preset.load(path)
    assert preset.matching("copd", "06_a") == ["06_a"]
    assert preset.matching("copd", "06_a", "local") == ["06_a-local"]
    assert preset.matching("copd", "07_b", "local") == ["07_b"]
    assert preset.matching("copd", "06_a*") == ["06_a", "06_a-local"]
    assert preset.matching("elsewhere", "06_a") == preset.matching("copd", "08_c") == []


@pytest.mark.parametrize(
    "text, problem",
    [
        ("stages: {}", "no cohorts"),
        ("", "no cohorts and no stages"),
        ("stages: {01_a: {}}\ncohorts: {c: {02_b: {}}}", "02_b"),
        ("stages: {01_a: {}}\ncohorts: {c: {only: [03_c]}}", "03_c"),
        ("stages: {01_a: {}}\ncohorts: {c: {without: [04_d]}}", "04_d"),
    ],
)
def test_bad_preset_is_named(tmp_path, text, problem):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"bad.yaml.*{problem}"):
        Preset.load(path)


@pytest.mark.parametrize("path", sorted((ROOT / "presets").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_presets_name_existing_notebooks(path):
    for stage in Preset.load(path).stages:
        assert (ROOT / "notebooks" / f"{notebook_of(stage)}.ipynb").exists(), stage
