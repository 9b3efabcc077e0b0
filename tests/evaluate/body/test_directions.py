"""A line, a horseshoe and a ring of one number; independent numbers; and who has too few."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.evaluate.body import density_answer, directions_table
from drasclr_core.evaluate.body.directions import directions_of

NUMBER = np.linspace(-900, -800, 200)


def arc(degrees, noise=0.02, features=16, seed=0):
    """Features that follow one number along an arc of so many degrees, turned into some directions."""
    random = np.random.default_rng(seed)
    angle = np.radians(degrees) * (np.arange(200) / 199)
    plane = np.column_stack([np.cos(angle), np.sin(angle)])
    turned = np.linalg.qr(random.normal(size=(features, 2)))[0].T
    return plane @ turned + noise * random.normal(size=(200, features)) / np.sqrt(features)


@pytest.mark.parametrize("degrees", [120, 270, 330])
def test_an_arc_of_one_number_is_found_with_its_span(degrees):
    found = directions_of(arc(degrees), NUMBER)
    assert found.span == pytest.approx(degrees, abs=10)
    assert found.along > 0.99 and found.density > 0.97 and found.two > 0.98 and found.rank < 2.2
    assert found.points.shape == (200, 2)


def test_a_number_on_a_ring_is_read_less_well_by_a_line():
    lines, horseshoe, ring = (directions_of(arc(degrees), NUMBER).linear for degrees in (90, 270, 340))
    assert lines > 0.97 and lines > horseshoe > ring


def test_features_that_have_nothing_to_do_with_the_number():
    random = np.random.default_rng(0)
    found = directions_of(random.normal(size=(200, 16)), NUMBER)
    assert found.density < 0.05 and found.linear < 0.2 and found.along < 0.25 and found.rank > 12 and found.two < 0.25


def test_the_share_that_follows_is_of_all_differences_and_of_unseen_subjects():
    random, straight = np.random.default_rng(0), (NUMBER - NUMBER.mean()) / NUMBER.std()
    half = np.column_stack([straight, *random.normal(size=(1, 200)), np.zeros(200), 1e-6 * straight])
    assert directions_of(half, NUMBER).density == pytest.approx(0.5, abs=0.05)
    few = directions_of(random.normal(size=(14, 5)), np.arange(14.0))
    assert few.density < 0, "a curve fitted to eleven subjects is worse than the mean of others"


def test_a_few_subjects_far_from_the_others_do_not_decide():
    chosen = np.r_[10:60:2, 195, 199]
    found = directions_of(arc(200, 0.05)[chosen], NUMBER[chosen])
    assert -1 < found.density <= 1, "beyond the others' densities nothing is extrapolated"


def test_the_table_takes_the_subjects_whose_density_is_known_and_names_nobody():
    sids = [f"S{number:03d}" for number in range(200)]
    table = pd.DataFrame(arc(270)).add_prefix("f").assign(sid=sids)
    density = pd.DataFrame({"sid": sids[:150], "mean_hu": NUMBER[:150]}).sample(frac=1, random_state=0)
    features = {"drasclr": table, "kmeans": table[["sid", "f0", "f1"]], "divergence": table.sample(frac=1)}
    found, points = directions_table(features, density)
    assert found["method"].tolist() == ["drasclr", "divergence"], "two features are too few"
    assert len(points) == 300 and list(points) == ["method", "first", "second", "mean_hu"]
    assert points.groupby("method")["mean_hu"].is_monotonic_increasing.all()
    one, two = (found.set_index("method").loc[name] for name in ("drasclr", "divergence"))
    np.testing.assert_allclose(one[1:].astype(float), two[1:].astype(float), rtol=1e-6)
    said = density_answer(found, "drasclr")
    assert "in the 16 features of DrasCLR" in said and f"{one['span']:.0f} degrees" in said
    assert density_answer(found, "kmeans") == ""
    assert directions_table({"kmeans": features["kmeans"]}, density)[1].empty


def test_too_few():
    with pytest.raises(ValueError, match="2 features differ"):
        directions_of(np.column_stack([NUMBER, NUMBER**2, np.ones(200)]), NUMBER)
    with pytest.raises(ValueError, match="9 subjects"):
        directions_of(arc(90)[:9], NUMBER[:9])
