import functools
import os

import pytest

from drasclr_core.progress import for_each, track


def power(base, exponent):
    return base**exponent


def thread_limit(_):
    return os.environ.get("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    assert for_each(functools.partial(power, 2), [5, 3, 4], "powers", workers=workers) == [32, 8, 16]


def test_workers_compute_with_one_thread():
    assert for_each(thread_limit, [0, 1], "threads", workers=2) == ["1", "1"]


def test_no_items():
    assert for_each(power, [], "nothing") == []


def test_track_shows_description_and_estimate(capsys):
    assert list(track([1, 2], "counting")) == [1, 2]
    shown = capsys.readouterr().err
    assert "counting" in shown and "2/2" in shown
