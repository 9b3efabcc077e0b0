import pytest

from drasclr_core.run import project_root
from drasclr_core.workflow.preset import Preset

ROOT = project_root(__file__)


@pytest.fixture
def load(tmp_path, toy_notebooks):
    """Writes a preset of the toy notebooks and reads it."""

    def write_and_load(text: str) -> Preset:
        (tmp_path / "x.yaml").write_text(text)
        return Preset.load(tmp_path / "x.yaml", toy_notebooks)

    return write_and_load


def test_cohort_overrides_stage(load):
    preset = load(
        "stages: {01_cohort: {seed: 3, arm: copd}, 03_atlas: }\ncohorts: {copd: , covid: {01_cohort: {arm: covid}}}"
    )
    assert preset.name == "x" and list(preset.cohorts) == ["copd", "covid"]
    assert preset.parameters("covid", "01_cohort") == {"seed": 3, "arm": "covid"}
    assert preset.parameters("copd", "03_atlas") == {}
    assert preset.values("copd", "03_atlas") == {"run": "demo", "cohort": "copd", "atlas": ""}


def test_a_stage_can_have_the_parameters_of_another_one_with_changes(load):
    preset = load("stages: {06_pretrain: &first {lr: 1, atlas: other}, 06_pretrain-local: {<<: *first, lr: 0.5}}\n"
                  "cohorts: {copd: }")  # fmt: skip
    assert preset.parameters("copd", "06_pretrain-local") == {"lr": 0.5, "atlas": "other", "method": "local"}


def test_a_merged_key_may_be_overridden_by_a_mapping_that_is_merged_again(load):
    preset = load("stages: {06_pretrain: &first {lr: 1, atlas: a}, 06_pretrain-b: &second {<<: *first, lr: 0.5},\n"
                  "  06_pretrain-c: {<<: *second, atlas: c}, 06_pretrain-d: {<<: [*second, *first], lr: 2}}\n"
                  "cohorts: {copd: }")  # fmt: skip
    assert preset.stages["06_pretrain-b"] == {"lr": 0.5, "atlas": "a"}
    assert preset.stages["06_pretrain-c"] == {"lr": 0.5, "atlas": "c"}
    assert preset.stages["06_pretrain-d"] == {"lr": 2.0, "atlas": "a"}


def test_names_are_text(load):
    preset = load("stages: {01_cohort: {manifest: 2024_01}, 06_pretrain-2024_01: }\ncohorts: {2024: }")
    assert preset.parameters("2024", "01_cohort") == {"manifest": "2024_01"}
    assert preset.parameters("2024", "06_pretrain-2024_01") == {"method": "2024_01"}


def test_a_suffix_sets_the_parameter_that_the_notebook_names(load):
    preset = load("stages: {06_pretrain: {lr: 1}, 06_pretrain-local: {lr: 0.5}, 10_tables-table6: {methods: [a]}}\n"
                  "cohorts: {copd: , covid: {06_pretrain: {lr: 3}}}")  # fmt: skip
    assert preset.parameters("copd", "06_pretrain-local") == {"lr": 0.5, "method": "local"}
    assert preset.parameters("covid", "06_pretrain-local") == {"lr": 0.5, "method": "local"}
    assert preset.parameters("covid", "06_pretrain") == {"lr": 3.0}
    assert preset.parameters("copd", "10_tables-table6") == {"stem": "table6", "methods": ["a"]}


def test_one_line_runs_a_method_with_what_follows_from_it(load):
    preset = load("stages: {05_patches: , 06_pretrain: , 06_pretrain-moco: , 10_tables: }\n"
                  "cohorts: {a: , b: {only: [06_pretrain-moco]}, c: {without: [07_features]}}")  # fmt: skip
    assert preset.chosen["a"] == (
        "05_patches",
        "06_pretrain",
        "06_pretrain-moco",
        "07_features",
        "07_features-moco",
        "10_tables",
    )
    assert preset.chosen["b"] == ("06_pretrain-moco", "07_features-moco")
    assert "07_features" not in preset.chosen["c"] and "07_features-moco" in preset.chosen["c"]
    assert preset.parameters("a", "07_features-moco") == {"method": "moco"}
    before = [stage for _, stage in preset.before("a", "10_tables")]
    assert before == ["07_features", "07_features-moco"]


def test_a_stage_comes_after_the_stage_of_the_same_variant(load):
    stages = "03_atlas: , 03_atlas-x: , 05_patches: , 05_patches-x: , 06_pretrain: , 06_pretrain-other: {atlas: x}"
    preset = load(f"stages: {{{stages}, 06_pretrain-moco: }}\ncohorts: {{copd: }}")

    def before(stage):
        return [name for _, name in preset.before("copd", stage)]

    assert before("05_patches") == ["03_atlas"] and before("05_patches-x") == ["03_atlas-x"]
    assert before("06_pretrain") == before("06_pretrain-moco") == ["05_patches"]
    assert before("06_pretrain-other") == ["05_patches-x"]
    assert before("07_features-other") == ["06_pretrain-other"]
    assert preset.parameters("copd", "07_features-other") == {"atlas": "x", "method": "other"}


def test_a_stage_may_come_after_those_of_all_cohorts(load):
    preset = load("stages: {10_tables: , 10_tables-b: , 12_covid: , 40_all: }\n"
                  "cohorts: {copd: {without: [12_covid]}, covid: {only: [12_covid]}}")  # fmt: skip
    assert preset.before("copd", "40_all") == [("copd", "10_tables"), ("copd", "10_tables-b"), ("covid", "12_covid")]


@pytest.mark.parametrize(
    "text, problem",
    [
        ("stages: {}", "no cohorts"),
        ("", "no cohorts and no stages"),
        ("stages: {}\ncohorts: {}\nexpected: {}", "no key 'expected'"),
        ("stages: [", "not to be read"),
        ("stages: {03_atlas: }\ncohorts: {c: {01_cohort: {}}}", "cohort c names '01_cohort', no stage of it"),
        ("stages: {03_atlas: }\ncohorts: {c: {only: [03_atls]}}", "did you mean '03_atlas'"),
        ("stages: {03_atlas: }\ncohorts: {c: {without: [04_d]}}", "04_d"),
        ("stages: {03_atls: }\ncohorts: {c: }", "no notebook '03_atls': did you mean '03_atlas'"),
        ("stages: {12_covid-b: }\ncohorts: {c: }", "12_covid is run once"),
        ("stages: {03_atlas-a b: }\ncohorts: {c: }", "letters, digits"),
        ("stages: {06_pretrain: {lrr: 1}}\ncohorts: {c: }", "stage 06_pretrain: no parameter 'lrr': did you mean 'lr'"),
        ("stages: {06_pretrain: }\ncohorts: {c: {06_pretrain: {lr: 0}}}", "cohort c, stage 06_pretrain: lr is '0'"),
        ("stages: {10_tables: {folds: 1}}\ncohorts: {c: }", "2 or more"),
        ("stages: {10_tables: {cohort: b}}\ncohorts: {c: }", "stage 10_tables: 'cohort' is no parameter of a stage"),
        ("stages:\n  03_atlas: \n  01_cohort: \n  03_atlas: {}\ncohorts: {c: }", "line 4 has '03_atlas' a second time"),
        ("stages: {01_cohort: {seed: 1, seed: 2}}\ncohorts: {c: }", "line 1 has 'seed' a second time. Make one"),
        ("stages: {03_atlas: }\ncohorts: {c: , c: {}}", "'c' a second time"),
        ("stages: {03_atlas: }\ncohorts: {c: }\nstages: {01_cohort: }", "'stages' a second time"),
        ("stages: [03_atlas]\ncohorts: {c: }", "stages is a list. Write a name and a colon for each"),
        ("stages: \ncohorts: {c: }", "stages is empty. Name at least one"),
        ("stages: 03_atlas\ncohorts: {c: }", "stages is the text '03_atlas'. Write"),
        ("stages: {03_atlas: }\ncohorts: [copd, covid]", "cohorts is a list. Write"),
        ("stages: {03_atlas: }\ncohorts: ", "cohorts is empty. Name"),
        ("stages: {01_cohort: 40}\ncohorts: {c: }", "stage 01_cohort is the text '40'. Write a name, a colon"),
        ("stages: {03_atlas: }\ncohorts: {c: 03_atlas}", "cohort c is the text '03_atlas'. Write"),
        ("stages: {03_atlas: }\ncohorts: {c: {03_atlas: [a]}}", "cohort c, stage 03_atlas is a list. Write"),
        ("stages: {03_atlas: }\ncohorts: {c: {only: 03_atlas}}", r"cohort c: only is no list. Write .*\[03_atlas\]"),
        ("stages: {03_atlas: }\ncohorts: {../x: }", "cohort '../x': .* letters, digits and _. Give"),
        ("stages: {03_atlas: }\ncohorts: {a b: }", "cohort 'a b': .* letters, digits and _"),
        ("stages: {03_atlas: }\ncohorts: {results: }", "'results': a run has a folder of this name. Give"),
        ("stages: {03_atlas: }\ncohorts: {Notebooks: }", "'Notebooks': a run has a folder of this name"),
        ("stages: {03_atlas: }\ncohorts: {book: }", "'book': a run has a folder of this name"),
    ],
)
def test_bad_preset_is_named(load, text, problem):
    with pytest.raises(ValueError, match=f"x.yaml.*{problem}"):
        load(text)


def test_a_cohort_that_there_is_not_is_named(load):
    with pytest.raises(ValueError, match="preset x: no 'cpod': did you mean 'copd'"):
        load("stages: {03_atlas: }\ncohorts: {copd: }").parameters("cpod", "03_atlas")


def test_nothing_is_tuned_on_a_cohort_that_is_shown():
    """Seeds 0 (supervised network, spirometry) and 1013 (the look of phantoms) are spent; pretraining has its own."""

    def seeds(name):
        preset = Preset.load(ROOT / "presets" / f"{name}.yaml")
        return {preset.values(cohort, "01_cohort")["seed"] for cohort in preset.cohorts}

    tuned = {0, 1013} | seeds("tuning")
    shown = ("demo", "reference", "methods", "ablations", "joint", "shown", "density")
    assert not tuned & set().union(*map(seeds, shown))


@pytest.mark.parametrize("name", ["paper", "paper-exact"])
def test_presets_of_the_paper_have_its_values(name):
    """Section 4.1 and Eqs. 6 to 9; of the other settings `paper-exact` has those of the authors' code."""
    asked = Preset.load(ROOT / "presets" / f"{name}.yaml").values("copd", "06_pretrain")
    paper = {"epochs": 20, "batch_size": 128, "bank_size": 4096, "temperature": 0.2, "key_momentum": 0.999, "lr": 0.01,
             "neighbors": 2, "num_experts": 8, "translate_mm": 12.0, "contrast_p": 0.25, "norm": "batch",
             "landmarks_per_step": 1, "most_steps": 0, "minutes": 0.0}  # fmt: skip
    assert {key: asked[key] for key in paper} == paper
    exact = {"fresh_negatives": False, "max_key_age": 0}
    assert ({key: asked[key] for key in exact} == exact) == (name == "paper-exact")


@pytest.mark.parametrize("path", sorted((ROOT / "presets").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_presets_can_be_read(path):
    preset = Preset.load(path)
    assert all(preset.before(cohort, stage) is not None for cohort in preset.cohorts for stage in preset.chosen[cohort])


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("06_pretrain: {method: drasclr_locl}", "no pretraining method 'drasclr_locl': did you mean"),
        (
            "06_pretrain-warm: {variant_of: drasclr, settings: {temprature: 0.2}}",
            "no setting 'temprature': did you mean",
        ),
    ],
)
def test_a_method_or_a_setting_that_does_not_exist_is_refused(tmp_path, stage, message):
    (tmp_path / "p.yaml").write_text(f"stages: {{{stage}}}\ncohorts: {{copd: {{}}}}")
    with pytest.raises(ValueError, match=message):
        Preset.load(tmp_path / "p.yaml")


def test_a_cohort_may_override_what_a_variant_of_a_method_is_given(tmp_path):
    stages = "06_pretrain-warm: {variant_of: drasclr}"
    (tmp_path / "p.yaml").write_text(f"stages: {{{stages}}}\ncohorts: {{copd: {{06_pretrain-warm: {{epochs: 2}}}}}}")
    assert Preset.load(tmp_path / "p.yaml").parameters("copd", "06_pretrain-warm")["epochs"] == 2


def test_settings_of_other_stages_are_not_looked_at_while_one_runs(tmp_path):
    """Looking at a method's settings loads PyTorch, which takes longer than many a stage."""
    path = tmp_path / "p.yaml"
    path.write_text("stages: {01_cohort: {}, 06_pretrain-dira: {settings: {bank_sise: 5}}}\ncohorts: {copd: {}}\n")
    Preset.load(path, stage="01_cohort")
    for stage in ("", "06_pretrain-dira"):
        with pytest.raises(ValueError, match="no setting 'bank_sise'"):
            Preset.load(path, stage=stage)
