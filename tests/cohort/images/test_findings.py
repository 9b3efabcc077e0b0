"""A radiograph is abnormal by the truth of the lungs, from a stated degree on."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.images import Degrees
from drasclr_core.cohort.images.findings import true_shares, with_findings
from drasclr_core.cohort.phantom.truth import DISEASES


def truth(**voxels) -> dict:
    """Lungs of 100 voxels, of which each disease has as many as given, and some outside of the lungs."""
    lungs = np.zeros((10, 11, 1), np.uint8)
    lungs[:, :10] = 1
    masks = {name: np.zeros(lungs.shape, bool) for name in DISEASES}
    for name, count in voxels.items():
        masks[name].reshape(-1)[np.flatnonzero(lungs)[:count]] = True
        masks[name][:, 10] = True
    return {"lungs": lungs, **masks}


def test_shares_are_those_of_the_lungs():
    shares = true_shares(truth(centrilobular=3, paraseptal=2, consolidation=30, gas_trapping=50))
    assert shares == pytest.approx({"covid_share": 0.30, "emphysema_share": 0.05})


def test_a_share_of_just_the_degree_counts():
    table = pd.DataFrame(
        [true_shares(truth(centrilobular=n, ground_glass=m)) for n, m in ((4, 0), (5, 0), (0, 5), (9, 9))]
    )
    found = with_findings(table, Degrees())
    assert found[["covid", "emphysema", "abnormal"]].to_numpy().tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
    assert with_findings(table, Degrees(emphysema=0.2, covid=0.2))["abnormal"].sum() == 0


def test_scans_without_a_truth_have_no_finding():
    table = pd.DataFrame({"covid_share": [0.1, np.nan], "emphysema_share": [0.0, np.nan]})
    assert with_findings(table, Degrees())["abnormal"].isna().tolist() == [False, True]
    assert list(with_findings(pd.DataFrame({"sid": ["a"]}), Degrees())) == ["sid"]


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
def test_a_degree_is_a_share(share):
    with pytest.raises(ValueError, match="the degree of covid"):
        Degrees(covid=share)
