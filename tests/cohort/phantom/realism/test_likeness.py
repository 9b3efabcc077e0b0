"""A scan like the phantoms has few odd patches; another has many, and the page says what is unlike."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.phantom.realism.likeness import (
    DESCRIPTORS,
    oddness,
    patch_descriptors,
    two_sample_auc,
)
from drasclr_core.imaging.volume import Volume


def scans(count, shift=0.0, name="P", seed=0):
    """Made-up patches: scans differ from each other, patches of a scan less."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(count):
        values = rng.standard_normal(len(DESCRIPTORS)) + 0.7 * rng.standard_normal((40, len(DESCRIPTORS))) + shift
        parts.append(pd.DataFrame(values, columns=DESCRIPTORS).assign(scan=f"{name}{k}"))
    return pd.concat(parts, ignore_index=True)


def test_scans_of_the_same_kind_are_not_odd():
    table = oddness(scans(30, name="R", seed=1), scans(60))
    assert table["odd_pct"].mean() == pytest.approx(5, abs=4)
    assert (table["odd_low"] <= table["odd_pct"]).all() and (table["odd_pct"] <= table["odd_high"]).all()


def test_scans_of_another_kind_are_odd_and_it_says_in_what():
    real = scans(3, name="R", seed=1)
    real["along_z"] += 9
    table = oddness(real, scans(40))
    assert table["odd_pct"].mean() > 50 and set(table["most_unlike"]) == {"along_z"}


def test_a_classifier_tells_only_what_differs():
    phantoms = scans(40)
    assert two_sample_auc(scans(8, name="R", seed=1), phantoms) < 0.65
    assert two_sample_auc(scans(8, 2.0, "R", 1), phantoms) > 0.95


def test_descriptors_of_a_phantom(phantom):
    made = phantom(spacing=2.0)
    table = patch_descriptors(made.volume, made.truth["lungs"], 12)
    assert len(table) == 12 and list(table) == list(DESCRIPTORS) and table.notna().all(axis=None)
    assert table["median"].between(-950, -800).all() and (table["gradient"].median()) > 0


def test_patches_of_dense_lung_are_left_out(phantom):
    made = phantom(spacing=4.0)
    solid = Volume(np.where(made.truth["lungs"] > 0, -300, -1000).astype(np.float32), made.volume.affine)
    assert patch_descriptors(solid, made.truth["lungs"], 12).empty
