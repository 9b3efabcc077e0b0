"""Phantom hearts with contrast agent: seven structures, blood brighter than muscle, files as MM-WHS has them."""

import numpy as np
import pytest

from drasclr_core.cohort.images.datasets import read_mmwhs
from drasclr_core.cohort.images.embedded import heart_labels, make_heart_cohort
from drasclr_core.cohort.images.embedded.made import read_made
from drasclr_core.cohort.phantom.anatomy.heart import ORGANS


@pytest.fixture(scope="module")
def hearts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hearts")
    return folder, make_heart_cohort(folder, 2, seed=4, spacing=4.0, workers=1)


def test_every_heart_has_all_structures(hearts):
    folder, pairs = hearts
    assert pairs.table["sid"].tolist() == ["ct_train_1000", "ct_train_1001"] and pairs.refused.empty
    names = list(pairs.structures.values())
    for pair in pairs.pairs:
        case = pairs.read(pair)
        millilitres = np.bincount(case.label.ravel(), minlength=8)[1:] * 0.064
        assert (millilitres > 3).all(), dict(zip(names, millilitres, strict=True))
        assert 40 < millilitres[names.index("myocardium")] < 400
        hu = [case.images[0][case.label == number].mean() for number in range(1, 8)]
        blood, muscle = hu[names.index("left ventricle")], hu[names.index("myocardium")]
        assert blood > muscle + 80 and blood == pytest.approx(hu[names.index("left atrium")], abs=80)
    assert len(read_mmwhs(folder).pairs) == 2


def test_the_muscle_lies_round_the_cavity_but_not_at_the_valves():
    organs = np.zeros((30, 30, 40), np.uint8)
    organs[5:25, 5:25, 5:25] = ORGANS.index("left ventricle") + 1
    organs[5:25, 5:25, 25:35] = ORGANS.index("left atrium") + 1
    labels = heart_labels(organs, 2.0)
    assert labels[15, 15, 15] == 500 and labels[15, 15, 24] == 500  # the cavity reaches to the atrium
    assert labels[15, 15, 5] == labels[6, 15, 15] == labels[15, 23, 20] == 205 and labels[15, 15, 30] == 420
    assert (labels[organs == 0] == 0).all()


def test_they_are_kept(hearts):
    folder, pairs = hearts
    before, key = pairs.pairs[1].label.stat().st_mtime_ns, read_made(folder, read_mmwhs)[1]
    assert len(make_heart_cohort(folder, 1, seed=4, spacing=4.0, workers=1).pairs) == 1
    fewer, other = read_made(folder, read_mmwhs)
    assert [pair.sid for pair in fewer.pairs] == ["ct_train_1000"] and other != key, "an earlier call's do not count"
    assert make_heart_cohort(folder, 2, seed=4, spacing=4.0, workers=1).pairs[1].label.stat().st_mtime_ns == before
    assert read_made(folder, read_mmwhs)[1] == key
    (folder / "subjects.csv").unlink()
    assert read_made(folder, read_mmwhs)[1] == key, "fits of runs without a list are found"
    with pytest.raises(ValueError, match="0 subjects"):
        make_heart_cohort(folder, 0)
