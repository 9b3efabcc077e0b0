"""The reference numbers travel with the repository, small, and another folder may take their place."""

import numpy as np
import pytest
import torch

from .parity_numbers import HERE, NAMES, numbers, shrink, uniform


def test_the_stream_is_that_of_pytorch():
    theirs = torch.rand(1000, dtype=torch.float64, generator=torch.Generator().manual_seed(33))
    assert np.array_equal(uniform(33, 1000), theirs.numpy())


def test_they_are_small_and_whole():
    assert {path.stem for path in HERE.glob("*.npz")} == set(NAMES)
    assert sum(path.stat().st_size for path in HERE.iterdir()) < 4e6
    weight = numbers("encoder")["sd.conv3.weight"]
    assert weight.shape == (2, 128, 64, 3, 3, 3) and weight.dtype == np.float16
    assert 0.99 < np.abs(weight).max() * weight[0].size ** 0.5 <= 1.001


def test_a_given_folder_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("DRASCLR_FIXTURES", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"condconv3d\.npz"):
        numbers("condconv3d")
    np.savez(tmp_path / "condconv3d.npz", x=np.arange(3))
    assert numbers("condconv3d")["x"].tolist() == [0, 1, 2]


def test_shrinking_keeps_every_bit_and_refuses_other_weights(tmp_path, monkeypatch):
    whole = {"sd.conv1.weight": numbers("encoder")["sd.conv1.weight"], "y": np.array([0.1])}
    np.savez(tmp_path / "encoder.npz", **whole)
    (small := tmp_path / "small").mkdir()
    shrink("encoder", tmp_path, small)
    monkeypatch.setenv("DRASCLR_FIXTURES", str(small))
    again = numbers("encoder")
    assert again.keys() == whole.keys() and all(np.array_equal(again[key], whole[key]) for key in whole)
    np.savez(tmp_path / "encoder.npz", **{"sd.conv1.weight": -whole["sd.conv1.weight"]})
    with pytest.raises(ValueError, match="not drawn from seed 22"):
        shrink("encoder", tmp_path, small)
