"""What is said of a joint training is what its log holds."""

import pandas as pd
import pytest

from drasclr_core.represent.trainings.joint import few_clusters, joint_sentence


def log(**last):
    ends = {"loss_intra": 2.5, "loss_mask": 0.3, "loss_inter": 3.0, "chance": 4.2, "in_use_2d": 0.9, "in_use_3d": 0.9}
    first = ends | {"loss_intra": 4.0, "loss_mask": 1.2, "loss_inter": 3.5}
    return pd.DataFrame([first, {**ends, **last}])


def test_every_loss_is_told():
    text = joint_sentence("joint", log())
    assert "at a loss of 2.50 (at first 4.00), below the 4.20 of guessing, with 90 % of the clusters in use" in text
    assert "an error of 0.30 (at first 1.20" in text and "at 3.00 (at first 3.50), with 90 % of them in use." in text
    plain = joint_sentence("slices_swav", log().assign(loss_mask=0.0, loss_inter=0.0))
    assert "volumes" not in plain and "hidden" not in plain


@pytest.mark.parametrize("kind", ["2d", "3d"])
def test_a_low_loss_of_few_clusters_is_no_success(kind):
    collapsed = log(**{f"in_use_{kind}": 0.1})
    assert few_clusters(collapsed) and joint_sentence("joint", collapsed).endswith("and says little.")
    assert not few_clusters(log()) and "little" not in joint_sentence("joint", log())


def test_clusters_that_a_training_does_not_have_are_not_judged():
    plain = log(in_use_3d=0.1).assign(loss_inter=0.0)
    assert not few_clusters(plain)
