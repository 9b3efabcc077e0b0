"""Average precision and AUC with weights are scikit-learn's, and the bootstrap is paired over subjects."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from drasclr_core.detect.scoring.ranking import average_precision_draws, discrimination_draws
from drasclr_core.evaluate.statistics.ranking import weighted_auc, weighted_average_precision

BOXES = st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=30)


@settings(deadline=None)
@given(BOXES)
def test_as_scikit_learn_with_ties_and_weights(rows):
    true, score, times = (np.array(column) for column in zip(*rows, strict=True))
    seen = np.repeat(np.arange(len(true)), times)
    weight = np.stack([times, np.ones_like(times)])
    if true[seen].any():
        ours = weighted_average_precision(true, score.astype(float), weight)[0]
        assert ours == pytest.approx(average_precision_score(true[seen], score[seen]))
    if len(set(true[seen])) == 2:
        assert weighted_auc(true, score.astype(float), weight)[0] == pytest.approx(
            roc_auc_score(true[seen], score[seen])
        )


def made_up(probability):
    sids = [f"S{index // 2}" for index in range(20)]
    return pd.DataFrame({"method": "x", "task": "Paraseptal", "sid": sids, "true": [index < 8 for index in range(20)],
                         "probability": probability})  # fmt: skip


def test_calling_everything_positive_gives_the_share_of_annotated_boxes():
    draws = average_precision_draws(made_up(1.0), 20)
    assert draws.loc[draws["draw"] == -1, "value"].item() == 8 / 20 and draws["metric"].unique() == [
        "average precision"
    ]
    assert discrimination_draws(made_up(1.0), 20)["value"].dropna().eq(0.5).all()


def test_methods_see_the_same_subjects():
    one = made_up(np.linspace(1, 0, 20) + 2 * np.random.default_rng(0).random(20))
    draws = average_precision_draws(pd.concat([one, one.assign(method="y")]), 30)
    wide = draws.pivot(index="draw", columns="method", values="value")
    assert wide["x"].equals(wide["y"]) and wide["x"].nunique() > 5
