import numpy as np
import pandas as pd

from drasclr_core.cohort.phantom.realism.likeness import DESCRIPTORS
from drasclr_core.cohort.phantom.realism.place import PLACE, emphysema_or_alike, place_matters


def made_up(scans=20, each=10, seed=0):
    """Patches whose texture says nothing and whose height says all."""
    rng = np.random.default_rng(seed)
    ill = np.tile(np.repeat([True, False], each // 2), scans)
    table = pd.DataFrame(rng.standard_normal((len(ill), len(DESCRIPTORS) + 1)), columns=[*DESCRIPTORS, "low"])
    table[list(PLACE)] = rng.random((len(ill), 3))
    table["height"] = np.where(ill, 0.7, 0.3) + 0.05 * rng.standard_normal(len(ill))
    return table.assign(emphysema=ill, scan=np.repeat(np.arange(scans), each))


def test_what_only_the_place_tells_only_the_place_tells():
    auc = place_matters(made_up()).set_index("known")["auc"]
    assert auc["place alone"] > 0.95 and auc["texture and place"] > 0.95
    assert 0.35 < auc["texture (ten descriptors)"] < 0.65 and 0.35 < auc["share below -950 HU"] < 0.65


def test_too_few_scans_say_nothing():
    assert place_matters(made_up(scans=3)).empty


def test_patches_of_a_phantom_are_of_both_kinds_and_lie_apart(phantom):
    made = phantom(index=4, spacing=2.0, centrilobular=0.03)
    table = emphysema_or_alike(made.volume, made.truth, 8)
    assert set(table["emphysema"]) == {True, False} and table.notna().all(axis=None)
    heights = table.groupby("emphysema")["height"].mean()
    assert heights[True] > heights[False]
