import copy

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.model import Encoder
from drasclr_core.pretrain.probe import probe, read_labels


class Store:
    """Forty subjects whose tissue differs in density and in nothing else."""

    def __init__(self, subjects=40, landmarks=5, size=8):
        random = np.random.default_rng(0)
        self.density = random.uniform(-950, -650, subjects)
        noise = random.normal(0, 30, (landmarks, subjects, size, size, size))
        self.patches = (self.density[:, None, None, None] + noise).astype(np.int16)
        self.sids = [f"S{index}" for index in range(subjects)]

    def read(self, landmark, indices):
        return self.patches[landmark, indices]


def scores(store, labels, **options):
    torch.manual_seed(0)  # what a random encoder lets through differs from one to the next
    encoder = Encoder(16, 2)
    return probe(encoder, store, torch.rand(5, 3) * 2 - 1, 8, pd.DataFrame(labels), **options)


def test_what_the_patches_show_is_read_and_what_they_do_not_is_not():
    store = Store()
    random = np.random.default_rng(1).normal(size=40)
    r2 = scores(store, {"density": store.density, "chance": random})
    assert r2["density"] > 0.7
    assert r2["chance"] < 0.3


def test_missing_values_are_left_out_and_too_few_give_no_score():
    store = Store()
    some = np.where(np.arange(40) < 30, store.density, np.nan)
    few = np.where(np.arange(40) < 9, store.density, np.nan)
    r2 = scores(store, {"some": some, "few": few, "same": np.ones(40)})
    assert r2["some"] > 0.7
    assert np.isnan(r2["few"]) and np.isnan(r2["same"])


def test_neither_the_encoder_nor_the_random_state_is_touched():
    store, encoder = Store(), Encoder(16, 2).train()
    before, state = copy.deepcopy(encoder.state_dict()), torch.get_rng_state()
    probe(encoder, store, torch.zeros(5, 3), 8, pd.DataFrame({"density": store.density}))
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert encoder.training


@pytest.mark.parametrize(("names", "found"), [("FEV1pp, age", ["FEV1pp", "age"]), ("sex,nothing,age", ["age"])])
def test_labels_are_the_numeric_columns_in_the_stores_order(names, found, tmp_path):
    table = pd.DataFrame({"sid": ["a", "b"], "sex": ["f", "m"], "age": [50, 60], "FEV1pp": [90.0, np.nan]})
    table.to_parquet(tmp_path / "subjects.parquet")
    labels = read_labels(tmp_path / "subjects.parquet", ["b", "a"], names)
    assert labels.columns.tolist() == found
    assert labels["age"].tolist() == [60, 50]
    assert read_labels(tmp_path / "subjects.parquet", ["b", "a"], "") is None
