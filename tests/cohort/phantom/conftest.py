"""Phantoms at 4 mm with chosen disease, each made once per test session."""

from dataclasses import replace
from functools import cache

import pytest

from drasclr_core.cohort.phantom import simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits

HEALTHY = {"centrilobular": 0.0, "paraseptal": 0.0, "panlobular": 0.0, "gas_trapping": 0.0, "wall_thickening": 0.0,
           "lung_volume_l": 5.5, "bmi": 26.0, "breath": 1.0}  # fmt: skip


@cache
def _phantom(index, seed, spacing, disease):
    return simulate(replace(draw_traits(0), **(HEALTHY | dict(disease))), index, seed, spacing)


@pytest.fixture(scope="session")
def phantom():
    """``phantom(index=5, seed=0, spacing=4.0, **traits)``: a subject who is healthy but for the given traits."""

    def make(index=5, seed=0, spacing=4.0, **traits):
        return _phantom(index, seed, spacing, tuple(sorted(traits.items())))

    return make
