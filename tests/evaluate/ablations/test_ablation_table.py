"""A table of variants: files as other pages read them, differences of the reference, alike only where it is shown."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.ablations import (
    AblationTable,
    ablation_notes,
    ablation_sentence,
    ablation_table,
    best_along,
    difference_caption,
    differences_told,
    equivalence,
    main_differences,
    scores_of,
)
from drasclr_core.evaluate.result_files import ResultReader, read_scores
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.evidence import evidence
from drasclr_core.evaluate.statistics.intervals import paired_difference
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.evaluate.tasks import Task
from drasclr_core.files import write_json
from drasclr_core.paper import claims
from drasclr_core.run import Run

FEV1, GOLD = Task("logFEV1pp", "FEV1pp"), Task("GOLD", "GOLD", classes=(0, 1, 2, 3, 4), scored_by=("accuracy",))

pytestmark = pytest.mark.usefixtures("few_inner_folds")


@pytest.fixture
def run(tmp_path, cohort):
    """The reference knows the cause of the labels; the others are noise, one of them with two seeds."""
    run = Run(str(tmp_path / "run"))
    features, subjects = cohort(60, 3)
    write_subjects(run, subjects.assign(image="x.nii.gz"))
    rng = np.random.default_rng(1)
    noise = {name: features.assign(**{column: rng.normal(size=60) for column in features if column != "sid"})
             for name in ("no_conditioning", "no_conditioning_seed1", "hypernetwork")}  # fmt: skip
    for name, table in {"drasclr_local": features, **noise}.items():
        run.features(name).mkdir(parents=True)
        table.to_csv(run.features(name) / "image.csv", index=False)
    return run


VARIANTS = ["no_conditioning", "concatenation", "hypernetwork", "drasclr_local"]


def test_variants_are_rows_and_seeds_are_not(run):
    made = ablation_table(run, VARIANTS, [FEV1, GOLD], "table6", "drasclr_local", folds=3, n_bootstraps=60)
    assert list(dict.fromkeys(made.table["method"])) == ["chance", "no_conditioning", "hypernetwork", "drasclr_local"]
    assert list(made.missing) == ["concatenation"] and made.subjects == 60
    seeds = made.table[made.table["task"] == "logFEV1pp"].set_index("method")["seeds"]
    assert seeds.to_dict() == {"chance": 1, "no_conditioning": 2, "hypernetwork": 1, "drasclr_local": 1}
    assert made.table.set_index(["method", "task"]).loc[("drasclr_local", "logFEV1pp"), "paper_mean"] == 0.62
    assert (made.differences["method"] == "drasclr_local").all()
    fev1 = made.differences[made.differences["task"] == "logFEV1pp"]
    assert (fev1["low"] > 0).all() and set(fev1["against"]) == {"no_conditioning", "hypernetwork"}
    main = main_differences(made, [FEV1])
    assert set(main["task"]) == {"logFEV1pp"} and len(main) == 2
    said = ablation_sentence(main)
    assert said.startswith("**Of 2 comparisons with another variant, DrasCLR without neighbours is ahead in 2 (")
    assert "behind in none" in said and "In 0 this run" in said
    holm = main.assign(p_bootstrap_holm=[0.01, 0.2])
    assert ablation_sentence(holm).endswith("for all tests of the table 1 of the 2 ahead is left.")
    behind = main.assign(low=-0.2, high=-0.1, p_bootstrap_holm=0.01)
    assert "Holm" not in ablation_sentence(behind), "its p ask for an advantage"
    one_by_one = "Intervals are taken one by one; what is behind is not corrected for their number."
    assert ablation_sentence(behind).endswith(one_by_one), "many comparisons, some behind by chance"
    assert "one by one" not in ablation_sentence(main.assign(low=-0.1, high=0.1))
    assert differences_told(main).count("logFEV1pp, DrasCLR without neighbours minus") == 2
    notes = ablation_notes(made)
    assert notes.startswith("60 subjects. **3 of 3 variants") and "*Concatenation has no row: features/conc" in notes
    assert "equally long" not in notes


@pytest.mark.parametrize(("steps", "epochs"), [((600, 1188), (2, 2)), ((0, 0), (2, 3)), ((600, 600), (2, 3))])
def test_trainings_of_unlike_lengths_are_told(run, steps, epochs):
    for name, most_steps, each in zip(("drasclr_local", "hypernetwork"), steps, epochs, strict=True):
        write_json(run.pretrain(name) / "config.json", {"config": {"most_steps": most_steps, "epochs": each}})
    made = ablation_table(run, VARIANTS, [FEV1], "table6", "drasclr_local", folds=3, n_bootstraps=5)
    lengths = [f"{most} steps" if most else f"{each} epochs" for most, each in zip(steps, epochs, strict=True)]
    told = f"not equally long (HyperNetwork {lengths[1]}, DrasCLR without neighbours {lengths[0]})"
    assert (told in ablation_notes(made)) == (lengths[0] != lengths[1])


def test_scores_come_in_the_order_of_what_is_varied(run):
    made = ablation_table(run, VARIANTS, [FEV1, GOLD], "table6", "drasclr_local", folds=3, n_bootstraps=60)
    along = {"drasclr_local": 8, "hypernetwork": 1}
    table = scores_of(made, [GOLD, FEV1], along)
    assert table.loc[table["task"] == "GOLD", "x"].tolist() == [8, 1] and len(table) == 4
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    fev1 = table[table["task"] == "logFEV1pp"].set_index("method")["beaten"]
    assert fev1.to_dict() == {"drasclr_local": False, "hypernetwork": True}


@pytest.mark.parametrize(("by", "beaten"), [(0.1, True), (0.0, False)])
def test_the_best_is_set_apart_by_the_difference_and_not_by_own_intervals(by, beaten):
    """Both lose much on the same subjects: own intervals overlap widely, whatever the difference is."""
    wobble = np.r_[0, 0.2 * np.random.default_rng(2).standard_normal(999)]
    draws = apart(by, 0.02)
    draws["value"] += np.tile(wobble, 2)
    folds = pd.DataFrame({"repeat": 0, "fold": range(3), "value": [0.4, 0.5, 0.6], "n_train": 40, "n_test": 20})
    scores = pd.concat([folds.assign(method=name, task="A", metric="R2") for name in ("one", "two")])
    made = AblationTable(None, None, draws, scores, None, 60, {}, {}, [])
    table = scores_of(made, [Task("A", "a")], {"two": 0, "one": 1}).set_index("method")
    assert table.loc["one", "low"] < table.loc["two", "high"], "own intervals overlap"
    assert table["beaten"].to_dict() == {"two": beaten, "one": False}


def test_a_reference_alone_is_compared_with_nobody(run):
    made = ablation_table(run, ["drasclr_local"], [FEV1], "alone", "drasclr_local", folds=3, n_bootstraps=20)
    assert main_differences(made, [FEV1]).empty and made.missing == {}


def test_other_pages_read_the_files(run):
    made = ablation_table(run, VARIANTS, [FEV1, GOLD], "table6", "drasclr_local", folds=3, n_bootstraps=60)
    assert [file.name for file in made.files] == ["table6.csv", "table6_folds.csv", "table6_seeds.csv"]
    assert "no_conditioning_seed1" not in set(read_scores(run.results / "table6_folds.csv")["method"])
    draws = ResultReader(run.results)("table6_bootstrap", "bootstrap")
    assert SAMPLE in draws.index
    asked = comparisons(claims().query("id == 'conditioning-best'"))
    found = evidence(run.results, asked[asked["task"] == "logFEV1pp"]).iloc[0]
    assert found["low"] > 0 and found["lacks"] == "concatenation"


def test_more_columns_can_be_asked_for(run):
    extra = pd.DataFrame({"sid": [f"S{number:03d}" for number in range(50)], "size_mm": np.arange(1, 51)})
    made = ablation_table(run, VARIANTS, [Task("size", "size_mm")], "sizes", "drasclr_local", folds=2, n_bootstraps=20,
                          extra=extra)  # fmt: skip
    assert made.subjects == 50 and made.table["paper_mean"].isna().all()


def test_the_reference_must_be_there(run):
    with pytest.raises(FileNotFoundError, match="concatenation"):
        ablation_table(run, VARIANTS, [FEV1], "table6", "concatenation", folds=2, n_bootstraps=20)


def apart(by, sd, metric="R2", count=999, seed=0):
    """Draws of two methods whose difference is `by`, with a bootstrap standard error."""
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([[by], by + sd * rng.standard_normal(count)])
    tables = [pd.DataFrame({"method": name, "task": "A", "metric": metric, "draw": np.arange(count + 1) + SAMPLE,
                            "value": value}) for name, value in (("one", 0.5 + drawn), ("two", 0.5))]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize(
    ("by", "sd", "verdict"),
    [
        (0.0, 0.005, "alike"),
        (0.02, 0.002, "alike"),
        (0.0, 0.05, "undecided"),
        (0.03, 0.005, "undecided"),
        (0.06, 0.01, "different"),
        (-0.06, 0.01, "different"),
    ],
)
def test_alike_is_shown_and_not_assumed(by, sd, verdict):
    row = equivalence(apart(by, sd), "one", "two").iloc[0]
    assert row["verdict"] == verdict and row["low"] <= row["difference"] <= row["high"]
    assert (row["p"] <= 0.05) == (verdict == "alike")


def test_two_one_sided_tests_are_wrong_as_often_as_they_say():
    """At the very edge of the margin, methods that are not alike are called so in about one of twenty studies."""
    rng, sd, wrong = np.random.default_rng(1), 0.008, 0
    for study in range(300):
        seen = 0.025 + sd * rng.standard_normal()
        wrong += equivalence(apart(seen, sd, count=199, seed=study), "one", "two")["verdict"].iloc[0] == "alike"
    assert wrong / 300 <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize(("chance", "verdict"), [(0.3, "alike"), (0.5, "neither above chance")])
def test_two_guesses_are_not_called_alike(chance, verdict):
    draws = apart(0.0, 0.005)
    guessing = draws[draws["method"].eq("two")].assign(method="chance", value=chance)
    assert equivalence(pd.concat([draws, guessing]), "one", "two")["verdict"].tolist() == [verdict]


def test_margins_are_in_points_for_accuracies():
    assert equivalence(apart(1.0, 0.3, "accuracy"), "one", "two")["verdict"].iloc[0] == "alike"
    with pytest.raises(ValueError, match="three"):
        equivalence(apart(0, 0.1), "one", "three")


@pytest.mark.parametrize(("subjects", "verdict"), [(24, "undecided"), (4000, "alike")])
def test_few_subjects_who_are_all_predicted_alike_are_not_sure(subjects, verdict):
    """Two variants without a difference in any draw: how sure that is follows from how many were tested."""
    draws = apart(0.0, 0.0, "accuracy")
    folds = pd.DataFrame(
        {"method": "one", "task": "A", "metric": "accuracy", "repeat": 0, "n_test": [subjects // 2] * 2}
    )
    row = equivalence(draws, "one", "two", scores=folds).iloc[0]
    same = paired_difference(
        *(part.set_index("draw")["value"] for _, part in draws.groupby("method")), "accuracy", subjects
    )
    assert row["verdict"] == verdict and (row["p"] <= 0.05) == (verdict == "alike")
    assert same.low < row["low"] < 0 < row["high"] < same.high, "at 90 % and at 95 %"


def test_captions_count_what_is_clear_and_name_the_best():
    differences = pd.DataFrame({"low": [0.1, -0.3, -0.1, -0.2], "high": [0.3, -0.1, 0.1, 0.2]})
    assert difference_caption(differences) == (
        "Of 4 differences 1 lie clearly above zero, 1 clearly below; 2 intervals hold zero."
    )
    scores = pd.DataFrame({
        "task": ["GOLD"] * 2 + ["CLE"] * 2 + ["FEV1"] * 3, "x": [1, 4, 1, 4, 1, 4, 8],
        "value": [0.2, 0.5, 0.4, 0.3, 0.1, 0.2, 0.3], "beaten": [True, False, False, False, True, False, False],
    })  # fmt: skip
    assert best_along(scores, "kernels") == (
        "GOLD is read best with 4 kernels (0.50); CLE is read best with 1 kernel (0.40; not told apart from any other); "
        "FEV1 is read best with 8 kernels (0.30; not told apart from 1 of the 2 others)."
    )
