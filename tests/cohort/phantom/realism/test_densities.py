import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.phantom.realism.densities import density_table, summary
from drasclr_core.imaging.volume import Volume


def test_numbers_of_a_known_lung():
    array = np.full((10, 10, 10), 40, np.float32)
    array[:5] = -855
    array[0] = -985
    volume = Volume(array, np.diag([10.0, 10, 10, 1]))
    table = density_table(volume, (array < 0).astype(np.uint8), scan="A")
    shares = table.set_index("hu_from")["share_pct"]
    assert shares[-860] == 80 and shares[-990] == 20 and shares.sum() == 100
    row = summary(pd.concat([table, table.assign(scan="B")]))
    assert list(row["scan"]) == ["A", "B"]
    assert row["lung_volume_l"][0] == 0.5 and row["laa950_pct"][0] == 20 and row["mean_hu"][0] == -881


def test_empty_mask_is_refused():
    with pytest.raises(ValueError, match="empty"):
        density_table(Volume(np.zeros((2, 2, 2), np.float32), np.eye(4)), np.zeros((2, 2, 2)))
