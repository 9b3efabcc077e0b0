"""The 2D CNN: which slices it sees, that it learns grades and numbers, and that it is kept."""

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.evaluate.supervised.cnn_config import CNNConfig
from drasclr_core.evaluate.supervised.cross_validation import supervised_readout
from drasclr_core.evaluate.supervised.slices_cnn import SlicesConfig, montage
from drasclr_core.evaluate.supervised.volume_model import VolumeModel
from drasclr_core.evaluate.tasks import Task

GRADE, DENSITY = Task("GOLD", "GOLD", classes=(0, 1, 2)), Task("logFEV1pp", "FEV1pp")
BRIEF = SlicesConfig(width=4, epochs=30, patience=30, batch_size=6, lr=3e-3)


def scans(count=30, size=12):
    """Cubes with as much dense tissue, anywhere, as the grade and the number say."""
    rng = np.random.default_rng(0)
    grade = np.arange(count) % 3
    cubes = rng.normal(-900, 20, (count, size, size, size))
    cubes[rng.random(cubes.shape) < 0.3 * grade[:, None, None, None]] = 0
    table = pd.DataFrame({"sid": [f"S{number:02d}" for number in range(count)], "GOLD": grade})
    return cubes.astype(np.int16), table.assign(FEV1pp=100 * np.exp(-0.4 * grade + rng.normal(0, 0.02, count)))


@pytest.mark.parametrize("size", [6, 9])
def test_four_slices_lie_where_they_should(size):
    scan = torch.arange(size**3, dtype=torch.float32).reshape(1, 1, size, size, size)
    seen, array = montage(scan)[0, 0].numpy(), scan[0, 0].numpy()
    assert seen.shape == (2 * size, 2 * size)
    expected = {
        (0, 0): lambda x, y: array[x, y, size // 3],
        (0, size): lambda x, y: array[x, y, 2 * size // 3],
        (size, 0): lambda x, z: array[x, size // 2, z],
        (size, size): lambda y, z: array[3 * size // 4, y, z],
    }
    for (down, right), value in expected.items():
        for row in range(size):
            for column in range(size):
                assert seen[down + row, right + column] == value(row, column)


@pytest.mark.parametrize(("task", "least"), [(GRADE, 60.0), (DENSITY, 0.5)], ids=["grades", "numbers"])
def test_it_learns_what_is_plain_to_see(task, least, tmp_path):
    cubes, table = scans()
    result = supervised_readout(cubes, table, task, tmp_path, "cnn2d", folds=2, config=BRIEF)
    assert result.scores.query("metric == @task.metrics[0]")["value"].min() > least  # chance: 33 % and 0
    assert set(result.scores["method"]) == {"cnn2d"} and result.scores["alpha"].isna().all()


def test_a_number_comes_back_in_its_own_unit():
    cubes, table = scans()
    values = table["FEV1pp"].to_numpy()
    small, large = (
        VolumeModel(None, BRIEF).fit(cubes, factor * values + factor).predict(cubes) for factor in (1, 1000)
    )
    assert large == pytest.approx(1000 * small, rel=1e-3)
    assert abs(small.mean() - values.mean() - 1) < 0.2 * values.std()


def test_the_same_label_throughout_is_predicted_as_it_is():
    cubes, _ = scans(10)
    assert VolumeModel(None, SlicesConfig(width=2, epochs=3)).fit(cubes, np.full(10, 4.5)).predict(cubes) == (
        pytest.approx(np.full(10, 4.5), abs=1.0)
    )


def test_the_callers_random_numbers_do_not_matter_and_stay_as_they_were():
    cubes, table = scans(12)
    labels, predicted = table["FEV1pp"].to_numpy(), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        expected = torch.rand(1)
        torch.manual_seed(seed)
        predicted.append(VolumeModel(None, SlicesConfig(width=2, epochs=3)).fit(cubes, labels).predict(cubes))
        assert torch.equal(torch.rand(1), expected)
    assert (predicted[0] == predicted[1]).all()


def test_networks_of_another_kind_are_not_mistaken_for_each_other(tmp_path):
    cubes, table = scans(12)
    labels = table["GOLD"].to_numpy()
    for config in (SlicesConfig(width=2, epochs=1), CNNConfig(width=2, epochs=1)):
        fitted = VolumeModel((0, 1, 2), config, folder=tmp_path).fit(cubes, labels)
        assert type(fitted.network) is type(config.network(3))


def test_dense_layers_take_slices_of_any_size():
    for size in (8, 12, 48):
        assert SlicesConfig(width=2).network(5)(torch.zeros(1, 1, size, size, size)).shape == (1, 5)
