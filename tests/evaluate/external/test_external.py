"""External validation: models of one cohort are tested on another, of which they know nothing."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate import PHENOTYPES
from drasclr_core.evaluate.external import external_table
from drasclr_core.evaluate.external.models import external_readouts
from drasclr_core.evaluate.external.shared import no_shared_subjects
from drasclr_core.evaluate.readout.linear import linear_model
from drasclr_core.evaluate.tasks import Task
from drasclr_core.files import write_json
from drasclr_core.pieces import mark_done
from drasclr_core.report.answers import external_answer, within_answer
from drasclr_core.run import Run

FEV1 = Task("logFEV1pp", "FEV1pp")


def people(count: int, seed: int, race=("Black", "White")) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(features, subjects): the first feature is the disease, which spirometry and death follow."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 4))
    death = 1500 * rng.exponential(size=count) * np.exp(-1.5 * matrix[:, 0])
    features = pd.DataFrame(matrix, columns=[f"f{number}" for number in range(4)])
    features.insert(0, "sid", [f"P{number:05d}" for number in range(count)])
    subjects = pd.DataFrame({
        "sid": features["sid"], "image": "x.nii.gz",
        "age": rng.uniform(45, 80, count).round(), "sex": rng.choice(["f", "m"], count),
        "race": rng.choice(race, count), "smoking": rng.choice(["current", "former"], count),
        "pack_years": rng.uniform(10, 90, count),
        "FEV1pp": np.exp(4.3 - 0.2 * matrix[:, 0] + 0.05 * rng.normal(size=count)),
        "FEV1_FVC": np.exp(-0.4 - 0.1 * matrix[:, 0]), "GOLD": np.digitize(matrix[:, 0], [-0.8, 0.0, 0.8, 1.5]),
        "days": np.clip(death, 1, 3000).round(), "died": (death < 3000).astype(int),
    })  # fmt: skip
    return features, subjects


def run_of(folder, features: dict[str, pd.DataFrame], subjects: pd.DataFrame) -> Run:
    run = Run(str(folder))
    write_subjects(run, subjects)
    for name, table in features.items():
        run.features(name).mkdir(parents=True)
        table.to_parquet(run.features(name) / "image.parquet")
    return run


def test_scores_are_those_of_a_model_that_saw_the_other_cohort_only():
    (there, theirs), (here, ours) = people(80, 1), people(50, 2)
    found = external_readouts({"mine": there}, theirs, {"mine": here}, ours, [FEV1])
    model = linear_model(FEV1, None, None).fit(there.iloc[:, 1:].to_numpy(), np.log(theirs["FEV1pp"]))
    mine = found[found["method"] == "mine"]
    np.testing.assert_allclose(mine["predicted"], model.predict(here.iloc[:, 1:].to_numpy()))
    changed = ours.assign(FEV1pp=ours["FEV1pp"].to_numpy()[::-1])
    again = external_readouts({"mine": there}, theirs, {"mine": here}, changed, [FEV1])
    assert (again["predicted"] == found["predicted"]).all()
    assert r2_score(mine["true"], mine["predicted"]) > 0.8
    chance = found[found["method"] == "chance"]["predicted"]
    np.testing.assert_allclose(chance, np.log(theirs["FEV1pp"]).mean())


def test_the_table_stands_beside_the_scores_within_the_cohort(tmp_path):
    (there, theirs), (here, ours) = people(90, 1), people(60, 2, race=("White",))
    fitted, tested = (
        run_of(tmp_path / "a", {"drasclr": there}, theirs),
        run_of(tmp_path / "b", {"drasclr_shown": here}, ours),
    )
    fitted.results.mkdir()
    pd.DataFrame({"method": ["drasclr"], "task": ["logFEV1pp"], "metric": ["R2"], "mean": [0.9]}).to_csv(
        fitted.results / "table2.csv", index=False)  # fmt: skip
    made = external_table(fitted, tested, {"drasclr": "drasclr_shown", "moco": "moco"}, PHENOTYPES, draws=50)
    table = made.table.set_index(["method", "task", "metric"])
    row = table.loc["drasclr", "logFEV1pp", "R2"]
    assert row["mean"] > 0.8 and row["low"] < row["mean"] < row["high"]
    assert row["within"] == 0.9 and row["subjects"] == 60 and row["fitted"] == 90
    assert table.loc["chance", "logFEV1pp", "R2"]["mean"] < 0.1
    survived = table.xs("Survival", level="task")["mean"].droplevel("metric")
    assert survived["drasclr"] > survived["confounders"] + 0.1
    assert "no features of method 'moco'" in made.skipped["moco"] and "CLE" in made.skipped
    answer = external_answer(made.table, made.draws, "drasclr", "chance", ["logFEV1pp", "nothing"])
    assert answer.startswith("**Fitted on one cohort and tested on another, DrasCLR is on logFEV1pp ahead of Chance (+")
    assert "no score in common" in external_answer(made.table, made.draws, "drasclr", "moco", ["logFEV1pp"])
    change = row["mean"] - 0.9
    inside = int(row["low"] <= 0.9 <= row["high"])
    assert within_answer(made.table) == (
        f"Of 1 scores with both, that within the fitted cohort lies inside the external one's interval {inside} "
        f"times; the median change is {change:+.2f} in R² and concordance."
    )
    written = pd.read_csv(tested.results / "external.csv")
    assert len(written) == len(made.table)


def test_all_methods_are_fitted_and_tested_on_the_same_subjects(tmp_path):
    (there, theirs), (here, ours) = people(60, 1), people(40, 2)
    fitted = run_of(tmp_path / "a", {"one": there, "two": there.iloc[:20]}, theirs)
    tested = run_of(tmp_path / "b", {"one": here, "two": here.iloc[:30]}, ours)
    made = external_table(fitted, tested, {"one": "one", "two": "two"}, [FEV1], draws=20)
    readouts = made.table[made.table["task"] == "logFEV1pp"].set_index("method")
    assert readouts["fitted"].eq(20).all() and readouts["subjects"].eq(30).all()
    assert readouts["mean"]["one"] == readouts["mean"]["two"], "the same columns of the same subjects"


def test_labels_count_where_there_are_features(tmp_path):
    (there, theirs), (here, ours) = people(60, 1), people(40, 2)
    fitted = run_of(tmp_path / "a", {"one": there}, theirs)
    tested = run_of(tmp_path / "b", {"one": here.iloc[:1]}, ours)
    with pytest.raises(ValueError, match="only 60 and 1 subjects of the two cohorts have a label, and the features"):
        external_table(fitted, tested, {"one": "one"}, [FEV1], draws=20)


def test_readouts_of_cohorts_without_follow_up_are_tested_all_the_same(tmp_path):
    cohorts = []
    for name, (features, subjects) in {"a": people(40, 1), "b": people(40, 2)}.items():
        cohorts.append(run_of(tmp_path / name, {"drasclr": features}, subjects[["sid", "image", "FEV1pp", "FEV1_FVC"]]))
    made = external_table(*cohorts, {"drasclr": "drasclr"}, PHENOTYPES, draws=20)
    assert set(made.table["task"]) == {"logFEV1pp", "logFEV1/FVC"} and made.table["fitted"].eq(40).all()
    assert "no column" in made.skipped["Survival"]


@pytest.mark.parametrize(("change", "reason"), [({"died": 1}, "every subject died"), ({"days": -1.0}, "not positive")])
def test_readouts_are_tested_where_survival_alone_cannot_be_judged(tmp_path, change, reason):
    (there, theirs), (here, ours) = people(60, 1), people(40, 2)
    fitted = run_of(tmp_path / "a", {"drasclr": there}, theirs)
    tested = run_of(tmp_path / "b", {"drasclr": here}, ours.assign(**change))
    made = external_table(fitted, tested, {"drasclr": "drasclr"}, PHENOTYPES, draws=20)
    assert {"logFEV1pp", "GOLD"} <= set(made.table["task"]) and "Survival" not in set(made.table["task"])
    assert reason in made.skipped["Survival"] and made.table["subjects"].eq(40).all()


def test_subjects_that_took_part_are_refused(tmp_path):
    features, subjects = people(30, 1)
    again = subjects.assign(sid=[f"Q{number}" for number in range(30)])
    fitted = run_of(tmp_path / "a", {"drasclr": features}, subjects)
    tested = run_of(tmp_path / "b", {"drasclr": features.assign(sid=again["sid"])}, again)
    with pytest.raises(ValueError, match=r"30 subjects are in both cohorts.*another seed"):
        external_table(fitted, tested, {"drasclr": "drasclr"}, PHENOTYPES)


def test_one_value_that_was_corrected_hides_nobody_and_grades_alone_tell_nobody_apart(tmp_path):
    features, subjects = people(30, 1)
    subjects = subjects.assign(LAA950_pct=np.linspace(0.3, 20.7, 30))
    fitted = run_of(tmp_path / "a", {"drasclr": features}, subjects)
    corrected = subjects.assign(FEV1pp=subjects["FEV1pp"] + 0.5)
    with pytest.raises(ValueError, match="30 subjects are in both"):
        no_shared_subjects(fitted, run_of(tmp_path / "b", {}, corrected))
    spirometry = subjects[["sid", "image"]].assign(FEV1pp=subjects["FEV1pp"].round(1))
    no_shared_subjects(run_of(tmp_path / "e", {}, spirometry), run_of(tmp_path / "f", {}, spirometry))
    graded = pd.DataFrame({"sid": ["A", "B"], "image": "x.nii.gz", "GOLD": [0, 1]})
    no_shared_subjects(run_of(tmp_path / "c", {}, graded), run_of(tmp_path / "d", {}, graded))


def test_people_are_known_by_their_scans_where_few_values_are_measured(tmp_path):
    table = people(20, 1)[1][["sid", "image", "GOLD"]]
    given = table.assign(image=[str(tmp_path / "scans" / f"{sid}.nii.gz") for sid in table["sid"]])
    one, other = run_of(tmp_path / "one", {}, given), run_of(tmp_path / "other", {}, given[5:])
    with pytest.raises(ValueError, match=r"15 subjects are in both cohorts.* run 'one' and .* run 'other'"):
        no_shared_subjects(one, other)
    other.truth.mkdir(parents=True)
    no_shared_subjects(one, other)


def test_copies_of_a_scan_are_one_scan_and_unread_ones_are_not(tmp_path):
    table = people(20, 1)[1][["sid", "image", "GOLD"]]
    one, other = run_of(tmp_path / "one", {}, table), run_of(tmp_path / "other", {}, table)
    for number, run in enumerate((one, other)):
        mark_done(run.anatomy("P00000"), "lungs", "key", image={"content": "missing"})
        mark_done(run.anatomy("P00001"), "lungs", "key", image={"seen": f"{number}", "content": f"{number}"})
    no_shared_subjects(one, other)
    for number, run in enumerate((one, other)):
        mark_done(run.anatomy("P00001"), "lungs", "key", image={"seen": f"{number}", "content": "same"})
    with pytest.raises(ValueError, match="1 subjects are in both cohorts"):
        no_shared_subjects(one, other)


def test_another_encoder_of_the_same_name_is_left_out(tmp_path):
    (there, theirs), (here, ours) = people(60, 1), people(60, 2)
    fitted = run_of(tmp_path / "a", {"drasclr": there, "moco": there}, theirs)
    tested = run_of(tmp_path / "b", {"drasclr": here, "moco": here}, ours)
    for run, prints in ((fitted, "one"), (tested, "two")):
        run.pretrain("drasclr").mkdir(parents=True)
        write_json(run.pretrain("drasclr") / "config.json", {"sha256": prints})
    made = external_table(fitted, tested, {"drasclr": "drasclr", "moco": "moco"}, [FEV1], draws=20)
    assert "that differ" in made.skipped["drasclr"] and "drasclr" not in set(made.table["method"])
    assert "moco" in set(made.table["method"])
    with pytest.raises(ValueError, match=r"no task can be tested.*CLE: only 0 and 0"):
        external_table(fitted, tested, {"moco": "moco"}, [task for task in PHENOTYPES if task.name == "CLE"])


def test_other_columns_are_refused():
    (there, theirs), (here, ours) = people(30, 1), people(30, 2)
    with pytest.raises(ValueError, match="'mine' has other features in the two cohorts"):
        external_readouts({"mine": there}, theirs, {"mine": here.drop(columns="f3")}, ours, [FEV1])
