"""Which way a chest lies shows in it: a header that names its axes wrongly is noticed."""

import os
from itertools import product

import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.lungs import segment_lungs
from drasclr_core.anatomy.quality import LIMITS, assess
from drasclr_core.anatomy.quality.orientation import measure_orientation
from drasclr_core.cohort.phantom.simulate import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.imaging.volume import Volume, load_volume

from ...imaging.scan_files import phantom, whole_chest

SIGNS = ("right_left", "front_back", "head_foot")
REAL = ("RICORD_1A_001012.nii.gz", "LungDx_A0001_kernelB.nii.gz", "LungDx_A0002_dicom", "LIDC_0001_partial.nii.gz")
REASONS = ("mirrored", "spine", "windpipe")


def turned(volume, lungs, axes):
    """The scan under a header in which some axes run the other way; right is where the header says."""
    flips = tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(3))
    swapped = np.where(lungs > 0, 3 - lungs, 0).astype(np.uint8) if 0 in axes else lungs
    return Volume(np.ascontiguousarray(volume.array[flips]), volume.affine), swapped[flips]


@pytest.fixture(scope="module", params=["copd", "covid"])
def found(request):
    volume = phantom(request.param)
    return volume, segment_lungs(volume)


def test_as_it_is_there_is_nothing_to_say(found):
    assert not any(word in reason for reason in assess(*found).reasons for word in REASONS)
    assert min(measure_orientation(*found).values()) > 0.2


@pytest.mark.parametrize("flipped", [one for one in product((0, 1), repeat=3) if any(one)])
def test_every_wrong_sign_in_the_header_is_named(found, flipped):
    """Heart and liver are seen to be on the wrong sides also upside down, by the heart alone."""
    axes = [axis for axis, flip in enumerate(flipped) if flip]
    quality = assess(*turned(*found, axes))
    named = [any(word in reason for reason in quality.reasons) for word in REASONS]
    assert quality.verdict == "review"
    assert named[1:] == [bool(flip) for flip in flipped[1:]]
    assert named[0] == bool(flipped[0]) or flipped[2]


def test_a_chest_without_signs_is_not_judged():
    volume = whole_chest()
    signs = measure_orientation(volume, segment_lungs(volume))
    assert signs["front_back"] == 0 and signs["head_foot"] == 0
    assert not any(word in reason for reason in assess(volume, segment_lungs(volume)).reasons for word in REASONS)
    assert measure_orientation(volume, np.zeros(volume.array.shape, np.uint8)) == {}


@pytest.mark.parametrize("name", REAL)
def test_real_scans_lie_as_their_headers_say(real_data, name):
    """One of them has a mass that draws its heart to the right: the liver decides."""
    volume = load_volume(real_data / "ct" / name, 4.0)
    lungs = segment_lungs(volume)
    signs = measure_orientation(volume, lungs)
    assert signs["right_left"] > 0.5 and signs["front_back"] > 0.2 and signs["head_foot"] > 0.5
    for axis, sign in enumerate(SIGNS):
        assert measure_orientation(*turned(volume, lungs, [axis]))[sign] < -0.25


@pytest.mark.skipif("DRASCLR_ORIENTATION_TABLE" not in os.environ, reason="set $DRASCLR_ORIENTATION_TABLE to write it")
def test_table_for_the_book(real_data):
    """40 phantoms of 40 seeds and the real scans, as they are and with each axis the wrong way (3 mm, 2 minutes)."""
    chests = {f"phantom, {arm}": [] for arm in ("COPD", "COVID-19")} | {"real scan": []}
    for number in range(40):
        arm = "COPD" if number < 24 else "COVID-19"
        traits = draw_traits(number, 100 + number, arm.removesuffix("-19").lower())
        volume = simulate(traits, number, 100 + number, 3.0).volume
        chests[f"phantom, {arm}"].append(Volume(np.clip(volume.array, -1024, 3000), volume.affine))
    chests["real scan"] = [load_volume(real_data / "ct" / name, 3.0) for name in REAL]
    limits = {limit.measure: limit.good[0] for limit in LIMITS}
    rows = []
    for kind, volumes in chests.items():
        found = [(volume, segment_lungs(volume)) for volume in volumes]
        for axis, sign in enumerate(SIGNS):
            usual = [measure_orientation(*one)[sign] for one in found]
            wrong = [measure_orientation(*turned(*one, [axis]))[sign] for one in found]
            alarms, caught = (sum(value < limits[sign] for value in values) for values in (usual, wrong))
            rows.append([kind, sign, len(found), min(usual), max(usual), alarms, max(wrong), caught])
    names = ["chests", "sign", "number", "lowest", "highest", "false alarms", "highest turned", "noticed turned"]
    pd.DataFrame(rows, columns=names).round(2).to_csv(os.environ["DRASCLR_ORIENTATION_TABLE"], index=False)
