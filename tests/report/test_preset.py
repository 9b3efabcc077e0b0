import pytest

from drasclr_core.report.preset import Preset
from drasclr_core.run import project_root

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


@pytest.mark.parametrize(
    "text, problem",
    [
        ("stages: {}", "no cohorts"),
        ("", "no cohorts and no stages"),
        ("stages: {01_a: {}}\ncohorts: {c: {02_b: {}}}", "02_b"),
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
        assert (ROOT / "notebooks" / f"{stage}.ipynb").exists(), stage
