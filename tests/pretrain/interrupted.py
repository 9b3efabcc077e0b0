"""A training that is stopped on its way and taken up again, beside one that is not: the same for every method."""

import pandas as pd
import pytest
import torch

from drasclr_core.pretrain import pretrain


class Interrupted(Exception):
    pass


def assert_same_run(first, second):
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()
    logs = [pd.read_csv(folder / "log.csv").drop(columns="seconds") for folder in (first, second)]
    pd.testing.assert_frame_equal(*logs, check_exact=True)


def assert_resumes(start, kind, settings, stop, folder, monkeypatch):
    """Stops a training before step `stop`, goes on, and compares with one that was not stopped, bit for bit.

    `start` gives store and atlas anew. Returns the folder of the resumed training and how many steps it found done.
    """
    whole, parts = folder / "whole", folder / "parts"
    if not (whole / "config.json").exists():
        pretrain(*start(), whole, kind, settings)
    rate, calls = kind.rate, iter(range(10_000))

    def interrupt(*arguments):
        if next(calls) == stop:
            raise Interrupted
        return rate(*arguments)

    monkeypatch.setattr(kind, "rate", interrupt)
    with pytest.raises(Interrupted):
        pretrain(*start(), parts, kind, settings)
    monkeypatch.undo()
    done = torch.load(parts / "resume" / "state.pt", weights_only=True)["done"]
    pretrain(*start(), parts, kind, settings)
    assert_same_run(whole, parts)
    return parts, done
