"""A training of so many minutes: its steps follow from a pace that is measured once, and from nothing else."""

import json
from dataclasses import replace

import pytest

from drasclr_core.methods.context_ssl import ContextSSL
from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.pretrain import budget, pretrain
from drasclr_core.pretrain.budget import pace, within

from .conftest import CONFIG, make_tiny
from .interrupted import assert_same_run


def clock(seconds):
    """Each step takes so long: a step asks twice."""
    times = iter(range(10_000))
    return lambda: next(times) * seconds


@pytest.fixture
def paced(monkeypatch):
    """A machine on which a step of every method takes a second; counts how often the pace is measured."""
    measured = []

    def slow(method, store, atlas, settings):
        measured.append(method)
        return pace(method, store, atlas, settings, 2, clock(1.0))

    monkeypatch.setattr(budget, "pace", slow)
    return measured


def test_steps_are_those_that_fit(tmp_path, paced):
    settings = within(0.5, *make_tiny(), tmp_path, DrasCLR, CONFIG)
    assert settings.most_steps == 30
    each = len(make_tiny()[0].sids) // CONFIG.batch_size * make_tiny()[0].num_landmarks
    assert settings.epochs == -(-30 // each)
    assert within(0.01, *make_tiny(), tmp_path, DrasCLR, CONFIG).most_steps == budget.TRIAL_STEPS


def test_is_the_training_of_so_many_steps_and_is_measured_once(tmp_path, paced):
    settings = within(0.5, *make_tiny(), tmp_path / "timed", DrasCLR, replace(CONFIG, epochs=7, most_steps=3))
    pretrain(*make_tiny(), tmp_path / "timed", DrasCLR, settings)
    pretrain(*make_tiny(), tmp_path / "counted", DrasCLR, replace(CONFIG, epochs=settings.epochs, most_steps=30))
    assert_same_run(tmp_path / "timed", tmp_path / "counted")
    assert within(0.5, *make_tiny(), tmp_path / "timed", DrasCLR, CONFIG) == settings
    assert len(paced) == 1
    within(0.6, *make_tiny(), tmp_path / "timed", DrasCLR, CONFIG)
    within(0.6, *make_tiny(), tmp_path / "timed", DrasCLR, replace(CONFIG, lr=0.01))
    assert len(paced) == 3


SMALL = {"batch_size": 4, "bank_size": 4, "graph_bank_size": 4, "graph_batch_size": 4, "width": 8, "dim": 8}


def test_late_steps_of_another_kind_count_by_their_share(monkeypatch):
    """The first steps of Context SSL are all of patches: a pace of those alone would miss its whole subjects."""
    store, atlas = make_tiny()
    settings = ContextSSL.configure(8, 4.0, {"settings": {**SMALL, "graph_epochs": 1}})
    now, read = [0.0], ContextSSL.read

    def slow(self, store, batch, shard):
        now[0] += 50.0 if batch.whole else 1.0
        return read(self, store, batch, shard)

    monkeypatch.setattr(ContextSSL, "read", slow)
    whole = [batch.whole for batch in ContextSSL(settings, atlas).sampler(len(store.sids), 1).epoch(0)]
    assert 0 < sum(whole) < len(whole) and not whole[0] and whole[-1]
    expected = 1 + 49 * sum(whole) / len(whole)
    assert pace(ContextSSL, store, atlas, settings, clock=lambda: now[0]) == pytest.approx(expected)


def test_leaves_nothing_of_the_trial(tmp_path, paced):
    within(0.5, *make_tiny(), tmp_path, ContextSSL, ContextSSL.configure(8, 4.0, {"settings": SMALL}))
    assert [path.name for path in tmp_path.iterdir()] == ["pace.json"]
    assert json.loads((tmp_path / "pace.json").read_text())["seconds_per_step"] == 1.0


def test_several_processes_are_told_to_count_steps(tmp_path):
    with pytest.raises(ValueError, match="most_steps"):
        within(1.0, *make_tiny(), tmp_path, DrasCLR, replace(CONFIG, devices=2))
