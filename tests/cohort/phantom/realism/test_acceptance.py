"""Each published quantity is measured, and passes or fails for what the phantoms are."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.phantom.realism.acceptance import QUANTITIES, acceptance_table, published


@pytest.fixture(scope="module")
def cohort():
    """A made-up cohort in which emphysema causes LAA-950, scores and airflow limitation."""
    rng, count = np.random.default_rng(0), 400
    ill = rng.exponential(4, count) * (rng.random(count) < 0.6)
    lobes = {
        "share_right": 53.0,
        "share_rul": 18.0,
        "share_rml": 9.0,
        "share_rll": 26.0,
        "share_lul": 24.0,
        "share_lll": 23.0,
    }
    laa = 1.5 + ill + rng.exponential(0.7, count)
    ratio = 0.78 - 0.03 * laa + 0.04 * rng.standard_normal(count)
    scores = np.clip(np.round(ill / 2), 0, 5).astype(int)
    return pd.DataFrame({
        "laa950_pct": laa, "FEV1_FVC": ratio, "FEV1pp": 150 * ratio - 20 + 12 * rng.standard_normal(count),
        "gas_trapping_pct": 5 * laa + 10 * rng.random(count), "Pi10_mm": 3.6, "wall_area_pct": 61.0,
        "GOLD": np.where(ratio < 0.7, 2, 0), "CLE": scores, "second_CLE": np.roll(scores, 0), "paraseptal": 0,
        "sex": np.where(np.arange(count) % 2, "male", "female"), "perc15_hu": -910.0,
        "volume_l": 5.3 + rng.standard_normal(count), "cluster_exponent": 1.8 - 0.02 * laa, "laa_kernel": np.nan,
        "trachea_mm2": np.where(np.arange(count) % 2, 280.0, 200.0), **lobes,
    })  # fmt: skip


def test_every_published_quantity_is_measured_and_has_a_source():
    table = published()
    assert list(table["key"]) == list(QUANTITIES) and len(table) >= 20
    assert (table["reference"].str.contains(r"[A-Z][\w-]+ \d{4}")).all()
    assert (table["low"] < table["high"]).all()


def test_values_intervals_and_verdicts(cohort):
    table = acceptance_table(cohort, n_bootstraps=60).set_index("quantity")
    right = table.loc["right lung, share of both"]
    assert right["ours"] == right["low"] == right["high"] == 53.0 and right["passed"]
    volume = table.loc["lung volume on the scan, mean"]
    assert (
        volume["ours"] == pytest.approx(cohort["volume_l"].mean()) and volume["low"] < volume["ours"] < volume["high"]
    )
    assert table.loc["exponent D of low-attenuation clusters, obstructed less healthy", "ours"] < 0


def test_what_lies_outside_fails_and_what_cannot_be_said_is_left_open(cohort):
    worse = acceptance_table(cohort.assign(share_rul=30.0), n_bootstraps=20).set_index("quantity")
    assert worse.loc["right upper lobe, share of the lungs", "passed"] is False
    assert worse.loc["LAA-950 with a sharp kernel less that with a soft one", "passed"] is None
    assert acceptance_table(cohort.assign(GOLD=3), 20).set_index("quantity").loc[
        "LAA-950 of healthy lungs, mean", "passed"
    ] is None  # fmt: skip


def test_two_readers_who_always_agree_agree_too_well(cohort):
    table = acceptance_table(cohort, n_bootstraps=20).set_index("quantity")
    row = table.loc["agreement of two readers on the visual score, weighted kappa"]
    assert row["ours"] == 1 and row["passed"] is False
