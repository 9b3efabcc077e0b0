"""The paper's claims: about rows that exist, with figures that its tables give."""

import pandas as pd
import pytest

from drasclr_core import paper
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.verdicts import RULES
from drasclr_core.methods import method_names
from drasclr_core.paper import claims, significance_claims

# (claim, task, metric): the paper's difference, worked out by hand from its printed tables.
FIGURES = [
    ("phenotypes-laa", "CLE", "accuracy", 53.9 - 32.9),
    ("phenotypes-older", "logFEV1pp", "R2", 0.63 - 0.58),
    ("phenotypes-networks", "AE History", "accuracy", 78.9 - 78.9),
    ("phenotypes-networks", "GOLD", "1-off", 85.6 - 82.9),
    ("phenotypes-context", "Paraseptal", "1-off", 87.0 - 84.9),
    ("phenotypes-paraseptal", "Paraseptal", "1-off", 87.0 - 87.6),
    ("supervised-scores", "CLE", "1-off", 86.3 - 74.7),
    ("supervised-spirometry", "logFEV1/FVC", "R2", 0.74 - 0.71),
    ("survival-spirometry", "Survival", "concordance at 25th", 0.76 - 0.74),
    ("survival-bode", "Survival", "concordance at 75th", 0.75 - 0.74),
    ("survival-best", "Survival", "concordance at 50th", 0.77 - 0.76),
    ("covid-networks", "COVID-19 severity", "accuracy", 65.4 - 63.2),
    ("covid-neighbours", "COVID-19 severity", "accuracy", 2.8),
    ("covid-cnn", "COVID-19 severity", "accuracy", 65.4 - 61.2),
    ("detection-laa", "Paraseptal", "F1", 0.82 - 0.70),
    ("detection-scratch", "Paraseptal", "recall", 1.00 - 0.88),
    ("detection-networks", "Centrilobular", "F1", 0.98 - 0.96),
    ("conditioning-best", "CLE", "accuracy", 50.3 - 49.2),
    ("location-random", "Paraseptal", "accuracy", 72.1 - 56.4),
    ("neighbours-cle", "CLE", "accuracy", 53.9 - 50.3),
    ("neighbours-any", "CLE", "accuracy", 52.5 - 50.3),
    ("atlas-alike", "CLE", "1-off", 86.3 - 84.2),
    ("annotation-paraseptal", "Paraseptal", "factor", 5),
]


@pytest.fixture(scope="module")
def found():
    return comparisons(claims()).set_index(["id", "task", "metric"])


@pytest.mark.parametrize(("claim", "task", "metric", "figure"), FIGURES)
def test_figure(found, claim, task, metric, figure):
    assert found.loc[(claim, task, metric), "paper"] == pytest.approx(figure)


def test_form():
    table = claims()
    assert table["id"].is_unique and table["short"].is_unique and (table["short"].str.len() <= 40).all()
    assert set(table["rule"]) <= set(RULES) and set(table["scope"]) <= {"all", "most"}
    assert table["page"].str.match(r"^\d\d_\w+$").all() and table["section"].ne("").all()
    assert table.loc[table["figure"].notna(), "table"].eq("").all(), "a figure is typed that a table gives"


def test_every_claim_is_about_something(found):
    assert set(found.index.get_level_values("id")) == set(claims()["id"])
    assert not found.index.duplicated().any()


def test_what_is_left_out_is_left_out(found):
    assert ("phenotypes-laa", "Paraseptal", "1-off") not in found.index
    assert ("phenotypes-context", "Paraseptal", "1-off") in found.index
    # The paper prints no CLE for K-means and the divergence-based features.
    assert set(found.loc["phenotypes-older"].index.get_level_values("task")) == {"logFEV1pp", "logFEV1/FVC", "GOLD"}


def test_every_row_of_the_papers_tables_has_a_name():
    names = method_names()
    for table in paper.TABLES:
        printed = paper.table(table)[["group", "method"]].drop_duplicates()
        ours = names[names["table"] == table]
        if table not in ("table3", "table5"):
            printed["group"] = ""
        assert set(map(tuple, printed.to_numpy())) == set(map(tuple, ours[["group", "paper"]].to_numpy())), table
        assert not ours.duplicated(["group", "paper"]).any() and ours["method"].is_unique


def test_every_claim_of_significance_is_a_claim_of_the_scorecard():
    """The same sentence of the paper is about the same methods in both files; the scorecard has more of them."""
    table = claims()
    for said in significance_claims().itertuples():
        same = table[table["table"].eq(said.table) & table["method"].eq(said.row)]
        rows = paper.table(said.table)["method"]
        others = set(filter(None, said.against.split(";"))) or set(rows) - {said.row}
        for other in others - {"Ours w/o Neighbor Contrast"}:
            assert (same["against"].str.split(";").map(lambda names, other=other: other in names)).any(), other
        if said.says == "alike":
            assert same["rule"].eq("alike").any()


@pytest.mark.parametrize(
    ("change", "named"),
    [({"method": "Mine"}, "'Mine'"), ({"against": "Chance"}, "'Chance'"), ({"task": "GLOD"}, "'GLOD'")],
)
def test_a_claim_about_nothing_is_refused(change, named):
    row = claims().query("id == 'phenotypes-laa'").assign(**change)
    with pytest.raises(ValueError, match=f"'phenotypes-laa' names {named}"):
        comparisons(row)


def test_a_claim_without_a_number_is_refused():
    row = claims().query("id == 'phenotypes-older'").assign(task="CLE")
    with pytest.raises(ValueError, match="about no number of table2"):
        comparisons(pd.DataFrame(row))
