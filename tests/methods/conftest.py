"""A toy method that exists while a test runs, as if its file lay in ``methods/``."""

import sys
from pathlib import Path

import pytest

import drasclr_core.methods
from drasclr_core.methods import registry


@pytest.fixture
def toy(monkeypatch):
    """Adds ``toy/toy.py`` to the methods; gives its class."""
    folder = Path(__file__).parent / "toy"
    monkeypatch.setattr(drasclr_core.methods, "__path__", [*drasclr_core.methods.__path__, str(folder)])
    for remembered in (registry.methods, registry.rows):
        remembered.cache_clear()
    yield registry.methods()["toy"]
    sys.modules.pop("drasclr_core.methods.toy", None)
    for remembered in (registry.methods, registry.rows):
        remembered.cache_clear()
