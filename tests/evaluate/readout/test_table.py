"""A table of readouts: which methods are its rows, what is written, and a method that is looked at closely."""

import pandas as pd
import pytest

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate.readout import Readout, readout_table
from drasclr_core.evaluate.result_files import read_scores
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.draws import draws_for
from drasclr_core.evaluate.scorecard.evidence import evidence
from drasclr_core.evaluate.statistics.comparison import compare_methods
from drasclr_core.evaluate.tasks import Task
from drasclr_core.paper import claims
from drasclr_core.run import Run

GOLD, SMOKED = Task("GOLD", "GOLD", classes=(0, 1, 2, 3, 4)), Task("smoked", "smoked")

pytestmark = pytest.mark.usefixtures("few_inner_folds")


@pytest.fixture
def run(tmp_path, cohort):
    run = Run(str(tmp_path / "run"))
    features, subjects = cohort(30, 3)
    write_subjects(run, subjects.assign(image="x.nii.gz", LAA950_pct=range(30)))
    for method, table in {"mine": features, "drasclr": features, "drasclr_local": features[3:]}.items():
        run.features(method).mkdir(parents=True)
        table.to_csv(run.features(method) / "image.csv", index=False)
    return run


def rows(made):
    return list(dict.fromkeys(made.table["method"]))


def table(run, methods=(), stem="table2", **options):
    options = {"folds": 2, "n_permutations": 1, "n_bootstraps": 3, "measured": ["laa950"], **options}
    return readout_table(run, methods, [GOLD, SMOKED], stem, **options)


def test_rows_are_the_methods_that_are_there_in_the_order_of_the_book(run):
    made = table(run)
    assert rows(made) == ["chance", "laa950", "mine", "drasclr_local", "drasclr"]
    assert made.tasks == [GOLD] and list(made.readout.skipped) == ["smoked"] and made.missing == {}
    assert set(made.table["subjects"]) == {27}  # with the features of all methods
    assert len(made.subjects) == 27 and set(made.permutations["method"]) == {"drasclr"}


def test_a_method_of_few_subjects_shrinks_no_table_unless_it_is_named(run):
    run.features("few").mkdir()
    pd.read_csv(run.features("mine") / "image.csv")[:12].to_csv(run.features("few") / "image.csv", index=False)
    write_subjects(run, pd.read_parquet(run.subjects).assign(LAA950_pct=[1.0] * 10 + [None] * 20))
    made = table(run)
    assert rows(made) == ["chance", "mine", "drasclr_local", "drasclr"] and set(made.table["subjects"]) == {27}
    assert "only 12 of the 30 subjects with features of 'drasclr'" in made.missing["few"]
    assert "only 10 of the 30" in made.missing["laa950"] and list(made.sources) == []
    named = table(run, ["few", "drasclr"])
    assert rows(named) == ["chance", "few", "drasclr"] and set(named.table["subjects"]) == {12}


def test_labels_are_shuffled_among_the_subjects_of_the_table(run):
    """The two methods have equal features of 27 subjects, and one of them has three more."""
    shuffled = table(run).permutations["value"].tolist()
    assert shuffled == table(run, ["drasclr_local"], closely="drasclr_local").permutations["value"].tolist()


def test_methods_that_are_named_make_a_table_of_their_own(run):
    made = table(run, ["mine", "moco"], "table6", closely="mine")
    assert rows(made) == ["chance", "mine"] and list(made.missing) == ["moco"]
    names = [f"table6{part}.csv" for part in ("", "_folds", "_bootstrap", "_shuffled")]
    assert [file.name for file in made.files] == names
    assert sorted(file.name for file in run.results.iterdir()) == sorted(names)
    assert set(pd.read_csv(made.files[1])["method"]) == {"chance", "mine"}


def test_the_method_that_is_looked_at_closely_must_be_there(run):
    with pytest.raises(FileNotFoundError, match="no features of method 'moco'"):
        table(run, ["mine", "moco"], closely="moco")
    with pytest.raises(FileNotFoundError, match="'drasclr' is looked at closely and is none of the methods: mine"):
        table(run, ["mine"])


def test_a_supervised_row_follows_chance(run):
    def supervised(tested):
        assert list(tested.index) == list(range(27))
        linear = table(run, ["drasclr_local"], "other", closely="drasclr_local").readout
        scores, predictions = (
            part[part["method"] != "chance"].assign(method="cnn3d") for part in (linear.scores, linear.predictions)
        )
        return Readout(scores, predictions)

    assert rows(table(run, supervised=supervised))[:2] == ["chance", "cnn3d"]


def test_the_page_of_a_table_and_the_pages_that_read_its_files_agree(run):
    """The difference of two methods: as notebooks 10 and 12 have it, and from the files, as 40 and 41 do."""
    made = table(run, n_bootstraps=0)
    folds, bootstrap = read_scores(made.files[1]), pd.read_csv(made.files[2])
    assert made.draws["draw"].max() + 1 == draws_for("table2") == 3600
    here, there = (
        compare_methods(scores, "drasclr", ["laa950"], draws).drop(columns="hedges_g")
        for scores, draws in ((made.readout.scores, made.draws), (folds, bootstrap))
    )
    pd.testing.assert_frame_equal(here, there)
    asked = comparisons(claims().query("id == 'phenotypes-laa'")).query("task == 'GOLD'")
    card = evidence(run.results, asked)
    same = ["task", "metric", "estimate", "low", "high", "interval"]
    both = card[same].merge(there[same], on=["task", "metric"], suffixes=("", "_page"))
    assert len(both) == 2 and card["p_folds"].notna().all()
    for name in same[2:]:
        assert both[name].tolist() == pytest.approx(both[f"{name}_page"].tolist()), name


def test_a_required_comparator_is_a_row_whatever_is_named_and_its_absence_is_an_error(run):
    assert rows(table(run, ["mine"], closely="mine", required=["laa950"])) == ["chance", "laa950", "mine"]
    with pytest.raises(FileNotFoundError, match="Run notebook 02_lungs"):
        table(run, ["mine"], closely="mine", required=["lung_density"])


def test_a_simulated_cohort_has_its_ceilings_last(run):
    run.truth.mkdir(parents=True)
    features = pd.read_csv(run.features("mine") / "image.csv")
    run.features("truth").mkdir()
    features.to_csv(run.features("truth") / "image.csv", index=False)
    made = table(run)
    assert rows(made) == ["chance", "mine", "drasclr_local", "drasclr", "laa950_noise_free", "truth"]
    assert "Run notebook 09_hand_made" in made.missing["laa950"]
    assert list(made.sources) == ["laa950_noise_free"]
