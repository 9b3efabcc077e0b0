"""Where two subtypes lie in lungs made by hand: depth, height, and how far apart."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.detect.maps.regions import (
    depth_below_pleura,
    height_in_lungs,
    rank_biserial,
    regions_apart,
    subtype_places,
)

LUNGS = np.zeros((22, 12, 12), np.uint8)
LUNGS[1:11, 1:11, 1:11] = 1
LUNGS[11:21, 1:11, 1:11] = 2


def test_depth_is_that_below_the_own_lungs_surface():
    depth = depth_below_pleura(LUNGS, 2.0)
    assert depth[1, 5, 5] == depth[10, 5, 5] == depth[11, 5, 5] == 2.0, "the other lung is no lung of its own"
    assert depth[5, 5, 5] == 10.0 and depth[0, 5, 5] == 0
    assert depth_below_pleura(np.ones((5, 5, 5)), 1.0)[2, 2, 2] == 3.0, "the edge of the scan is a surface"


def test_height_goes_from_base_to_apex():
    height = height_in_lungs(LUNGS)
    assert height.shape == LUNGS.shape and height[5, 5, 1] == 0 and height[5, 5, 10] == 1
    assert height[5, 5, 4] == pytest.approx(1 / 3)


def test_rank_biserial_by_hand():
    assert rank_biserial([3, 4], [1, 2]) == 1 and rank_biserial([1, 2], [3, 4]) == -1
    assert rank_biserial([1, 4], [2, 3]) == 0 and rank_biserial([2, 4], [1, 3]) == 0.5
    assert rank_biserial([2, 2], [2]) == 0 and np.isnan(rank_biserial([], [1]))


def test_a_shell_and_a_core():
    core, shell = np.zeros(LUNGS.shape, bool), LUNGS > 0
    core[4:8, 4:8, 7:9] = True
    shell &= depth_below_pleura(LUNGS, 1.0) <= 1
    table = subtype_places({"centrilobular": core, "paraseptal": shell}, LUNGS, 1.0).set_index("measure")
    assert table.loc["depth", "rank_biserial"] == 1 and table.loc["depth", "paraseptal"] == 1
    assert table.loc["height", "rank_biserial"] > 0
    outside = {"centrilobular": LUNGS == 0, "paraseptal": shell}
    assert subtype_places(outside, LUNGS, 1.0)["rank_biserial"].isna().all()


def test_intervals_are_over_subjects():
    rows = [("detected", "depth", 20.0, 10.0, value) for value in (0.2, 0.3, 0.4, np.nan)]
    rows += [("true", "depth", 20.0, 10.0, value) for value in (0.9, 1.0)]
    places = pd.DataFrame(rows, columns=["source", "measure", "centrilobular", "paraseptal", "rank_biserial"])
    table = regions_apart(places).set_index("source")
    assert table["subjects"].to_dict() == {"detected": 3, "true": 2}
    # t of 2 degrees of freedom is 4.303.
    reach = 4.303 * 0.1 / np.sqrt(3)
    assert table.loc["detected", ["low", "high"]].tolist() == pytest.approx([0.3 - reach, 0.3 + reach], abs=1e-3)
    assert np.isnan(table.loc["true", "low"]) and table.loc["true", "rank_biserial"] == pytest.approx(0.95)
    assert regions_apart(places.iloc[:0]).empty
