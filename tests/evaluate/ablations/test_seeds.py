"""Trainings that differ by their seed are one row, and an interval holds what another seed would have given."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.evaluate.ablations.seeds import _stretched, pool_draws, pool_scores, seed_scores, trainings_of
from drasclr_core.evaluate.statistics.resampling import SAMPLE
from drasclr_core.methods.registry import is_ablation, row_of, without_seed
from drasclr_core.run import Run


def draws_of(levels, spread=0.0, count=200, tasks=("A", "B")):
    rng = np.random.default_rng(0)
    rows = [(name, task, "R2", draw, level + (spread * rng.standard_normal() if draw > SAMPLE else 0))
            for name, level in levels.items() for task in tasks for draw in range(SAMPLE, count)]  # fmt: skip
    return pd.DataFrame(rows, columns=["method", "task", "metric", "draw", "value"])


def test_a_name_says_what_was_trained_and_with_which_seed():
    assert [without_seed(name) for name in ("drasclr_seed12", "drasclr", "my_seedling")] == [
        "drasclr",
        "drasclr",
        "my_seedling",
    ]
    assert (
        row_of("drasclr_seed2").name == "DrasCLR, seed 2" and row_of("drasclr_seed2").color == row_of("drasclr").color
    )
    assert is_ablation("drasclr_seed2") and is_ablation("no_conditioning") and is_ablation("experts_16")
    assert not any(map(is_ablation, ("drasclr", "drasclr_local", "moco", "laa950", "my_own")))


def test_trainings_come_in_the_order_of_their_seeds(tmp_path):
    run = Run(str(tmp_path / "run"))
    for name in ("drasclr_seed10", "drasclr_seed2", "drasclr", "drasclr_local"):
        run.features(name).mkdir(parents=True)
        (run.features(name) / "image.csv").write_text("sid\n")
    assert trainings_of(run, ["drasclr", "moco"]) == {"drasclr": ["drasclr", "drasclr_seed2", "drasclr_seed10"]}


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=4))
def test_the_sample_is_the_mean_over_trainings(values):
    names = ["drasclr", *(f"drasclr_seed{number}" for number in range(1, len(values)))]
    pooled = pool_draws(draws_of(dict(zip(names, values, strict=True)), count=50))
    assert set(pooled["method"]) == {"drasclr"}
    np.testing.assert_allclose(pooled.loc[pooled["draw"] == SAMPLE, "value"], np.mean(values), atol=1e-12)
    reach = np.sqrt(2) * (max(values) - min(values)) + 1e-9
    assert (pooled["value"] - np.mean(values)).abs().le(reach).all()


def test_other_draws_hold_other_trainings_too():
    """With no spread over subjects, the spread that is left is that of the mean of trainings drawn anew."""
    pooled = pool_draws(draws_of({"drasclr": 0.0, "drasclr_seed1": 0.3, "drasclr_seed2": 0.6, "moco": 0.5}, count=4000))
    drawn = pooled[pooled["draw"] > SAMPLE]
    sd = drawn[drawn["method"].eq("drasclr") & drawn["task"].eq("A")]["value"].std()
    np.testing.assert_allclose(sd, np.std([0, 0.3, 0.6], ddof=1) / np.sqrt(3), rtol=0.05)
    assert (drawn.loc[drawn["method"] == "moco", "value"] == 0.5).all()
    both = drawn[drawn["method"] == "drasclr"].pivot(index="draw", columns="task", values="value")
    assert (both["A"] == both["B"]).all(), "a draw takes the same trainings for all tasks"


def test_one_training_is_left_as_it_is():
    """Each task has a metric of its own, and no row appears for one that it does not have."""
    draws = draws_of({"drasclr": 0.2, "drasclr_local": 0.1}, spread=0.1)
    draws.loc[draws["task"] == "B", "metric"] = "accuracy"
    pd.testing.assert_frame_equal(pool_draws(draws).sort_values(["method", "task", "draw"], ignore_index=True),
                                  draws.sort_values(["method", "task", "draw"], ignore_index=True))  # fmt: skip


def test_scores_of_folds_are_averaged_fold_by_fold():
    levels = {"drasclr": 0.0, "drasclr_seed1": 1.0, "moco": 5.0}
    rows = [(name, "A", "R2", 0, fold, value + fold, 8, 2) for name, value in levels.items() for fold in range(2)]
    columns = ["method", "task", "metric", "repeat", "fold", "value", "n_train", "n_test"]
    pooled = pool_scores(pd.DataFrame(rows, columns=columns))
    assert pooled.columns.tolist() == columns and pooled["method"].tolist() == ["drasclr"] * 2 + ["moco"] * 2
    assert pooled["value"].tolist() == [0.5, 1.5, 5, 6] and set(pooled["n_test"]) == {2}


def test_every_training_keeps_its_own_score():
    seeds = seed_scores(draws_of({"drasclr": 0.1, "drasclr_seed1": 0.3}))
    assert seeds[seeds["task"] == "A"].set_index("training")["value"].to_dict() == {
        "drasclr": 0.1,
        "drasclr_seed1": 0.3,
    }
    assert set(seeds["method"]) == {"drasclr"}


@pytest.mark.parametrize(("ratio", "least", "most"), [(1.0, 0.92, 0.96), (2.0, 0.89, 0.93)])
def test_an_interval_over_few_trainings_covers_what_is_said_of_it(ratio, least, most):
    """Three trainings: how often a 95 % interval holds the mean of all trainings and subjects that there could be."""
    rng, studies, count, held = np.random.default_rng(1), 2000, 300, 0
    for _ in range(studies):
        levels = ratio * rng.standard_normal(3)
        drawn = _stretched(rng.standard_normal((count, 1)) + levels, rng.integers(3, size=(count, 3)))
        low, high = np.quantile(rng.standard_normal() + drawn, [0.025, 0.975])
        held += low <= 0 <= high
    assert least < held / studies < most
