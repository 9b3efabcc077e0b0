"""Pictures show what they are given: right side on the left, one row per query, places without a score left open."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.report.figures.local import (
    MapRow,
    NeighbourRow,
    PatchPicture,
    component_maps,
    landmark_maps,
    neighbour_pictures,
    score_chart,
    similarity_maps,
)
from drasclr_core.report.figures.local.readout import from_the_front


@pytest.fixture
def row():
    picture = np.where(np.arange(10) % 4 < 3, np.arange(12.0)[:, None] - 5, np.nan)
    ill = np.zeros((24, 20), bool)
    ill[2:5] = True
    return MapRow("much", np.full((24, 20), -900.0), [picture, -picture], ill, (3, 8))


def test_neighbours_stand_beside_their_query():
    patch = np.full((8, 8, 8), -900, np.int16)
    patch[0] = 0  # lowest x: the subject's left, on the right of the picture
    rows = [NeighbourRow("healthy", PatchPicture(patch, "C 0"), [PatchPicture(patch, f"C {k}") for k in range(count)])
            for count in (3, 2)]  # fmt: skip
    fig = neighbour_pictures(rows, 4, ["query", "1", "2", "3"])
    shown = [axis for axis in fig.axes if axis.images]
    assert len(fig.axes) == 8 and len(shown) == 7
    picture = np.asarray(shown[0].images[0].get_array())
    assert (picture[:, -1] == 0).all() and (picture[:, 0] == -900).all()
    assert [axis.get_xlabel() for axis in fig.axes[4:]] == ["C 0", "C 0", "C 1", ""]


def test_maps_share_their_scale_and_mark_the_place(row):
    other = row._replace(maps=[row.maps[0] + 100, row.maps[1]], clicked=None)
    fig = component_maps([row, other], ["one", "two"])
    painted = [axis.images[-1] for axis in fig.axes[:8]]
    low, high = painted[1].get_clim()
    assert (low, high) == painted[5].get_clim() and high > 100 and low == -high
    assert painted[0].get_extent() == [-0.5, 9.5, -0.5, 11.5], "finer pictures lie on the same place"
    fig = similarity_maps([row, other])
    assert fig.axes[1].lines[0].get_xdata()[0] == 3 and not fig.axes[4].lines
    assert len(similarity_maps([row._replace(ill=None)]).axes) == 3, "people have no column of truth"


def test_landmarks_behind_one_another_are_added():
    locations = np.array([[0.5, -1, 0], [0.5, 1, 0], [-0.5, 0, 0]])
    table = pd.DataFrame(
        {"landmark": range(3), "missed": [1.0, 3, 1], "spread": [10.0, 10, 1], "r2": [0.9, 0.7, np.nan]}
    )
    seen = from_the_front(table, locations).set_index("x")["r2"]
    assert seen[0.5] == pytest.approx(0.8) and np.isnan(seen[-0.5])
    axis = landmark_maps({"paraseptal": {"drasclr": table}}, locations).axes[0]
    assert axis.get_xlim()[0] > axis.get_xlim()[1], "the subject's right is on the left"
    assert [len(points.get_offsets()) for points in axis.collections] == [1, 1]


def test_the_chart_has_floor_and_ceiling():
    table = pd.DataFrame({"method": ["drasclr", "patch_laa"], "r2": [0.5, 0.3], "low": [0.4, 0.2], "high": [0.6, 0.4]})
    axis = score_chart({"Centrilobular": table}, "r2", "R²", 0, 1).axes[0]
    assert [line.get_xdata()[0] for line in axis.lines[:2]] == [0, 1]
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["DrasCLR", "Patch LAA"]
