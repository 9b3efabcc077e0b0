"""Which encoders have several seeds is told from the files that hold them."""

import pandas as pd
import pytest

from drasclr_core.report.pretrainings import pretrainings_answer, repeated_trainings, trainings_note


@pytest.fixture
def results(tmp_path):
    rows = [("drasclr", "drasclr", 0.40), ("drasclr", "drasclr_seed1", 0.44), ("drasclr", "drasclr_seed2", 0.36),
            ("drasclr_local", "drasclr_local", 0.3), ("chance", "chance", 0.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["method", "training", "value"]).assign(task="logFEV1pp", metric="R2")
    table.to_csv(tmp_path / "table8_seeds.csv", index=False)
    table[3:].to_csv(tmp_path / "table6_seeds.csv", index=False)
    return tmp_path


def test_the_spread_over_seeds(results):
    assert repeated_trainings(results) == {"drasclr": 3}, "what two tables read is one training"
    text = pretrainings_answer(results)
    assert "- DrasCLR, 3 seeds: logFEV1pp 4.0\n" in text and "neighbours" not in text
    assert "All other encoders were pretrained once" in text


def test_without_several_seeds_nothing_is_known(tmp_path):
    assert repeated_trainings(tmp_path) == {}
    assert pretrainings_answer(tmp_path).startswith("All encoders of this run were pretrained once: how much")


def test_the_note_below_a_table():
    def note(**seeds):
        return trainings_note(pd.DataFrame({"method": seeds.keys(), "seeds": seeds.values()}))

    assert note(chance=1, drasclr_local=3, drasclr=3, drasclr_neighbors1=1) == (
        "DrasCLR without neighbours and DrasCLR: means of three trainings, the others of one."
    )
    assert note(chance=1, drasclr_local=2, drasclr=3) == (
        "DrasCLR without neighbours: means of two trainings, DrasCLR: means of three trainings."
    )
    assert note(chance=1, drasclr=1) == "" and trainings_note(pd.DataFrame({"method": ["drasclr"]})) == ""
