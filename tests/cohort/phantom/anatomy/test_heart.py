import numpy as np
from scipy import ndimage

from drasclr_core.cohort.phantom.anatomy.heart import ORGANS


def centre(organs, name):
    return ndimage.center_of_mass(organs == ORGANS.index(name) + 1)


def test_chambers_lie_as_in_people(phantom):
    made = phantom()
    organs = made.truth["organs"]
    litres = np.bincount(organs.ravel(), minlength=8)[1:] * np.prod(made.volume.spacing) / 1e6
    assert (litres > 0.02).all() and 0.4 < litres[:4].sum() < 1.4
    left, right = centre(organs, "left ventricle"), centre(organs, "right ventricle")
    assert left[0] < right[0] and left[1] < right[1]  # to the subject's left, and behind
    assert centre(organs, "left atrium")[1] < centre(organs, "left ventricle")[1]
    assert centre(organs, "right atrium")[0] > centre(organs, "left atrium")[0] - 2
    assert centre(organs, "vena cava")[0] > centre(organs, "aorta")[0]
    assert not (organs[made.truth["lungs"] > 0]).any()


def test_lobes_fill_the_lungs_and_lie_above_each_other(phantom):
    truth = phantom().truth
    assert ((truth["lobes"] > 0) == (truth["lungs"] > 0)).all()
    assert ((truth["lobes"] >= 4) == (truth["lungs"] == 2)).all()
    z = [ndimage.center_of_mass(truth["lobes"] == lobe)[2] for lobe in (1, 2, 3, 4, 5)]
    assert z[0] > z[1] and z[0] > z[2] and z[3] > z[4]
