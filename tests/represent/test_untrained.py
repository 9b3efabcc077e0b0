"""An untrained encoder has the form, the description and the way of features of a trained one, and other weights."""

from types import SimpleNamespace

import numpy as np
import torch

from drasclr_core.model import Encoder
from drasclr_core.represent import image_features, patch_features, untrained_encoder

LOCATIONS = np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3)


def test_weights_are_random_by_the_seed_and_all_else_is_alike(tmp_path):
    patches = np.random.default_rng(0).integers(-1000, 200, (3, 5, 12, 12, 12)).astype(np.int16)
    store = SimpleNamespace(sids=list("abcde"), size=12, contents=lambda: "x",
                            read=lambda landmark, indices: patches[landmark, indices])  # fmt: skip
    torch.manual_seed(5)
    trained = Encoder(rep_dim=8, num_experts=2).eval()
    trained.description = {"patch_size": 8, "locations": LOCATIONS.tolist(), "method": "drasclr",
                           "spacing_mm": 4.0, "location_box_mm": [[-50.0] * 3, [50.0] * 3]}  # fmt: skip
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    one, same, other = (untrained_encoder(trained, store, seed) for seed in (0, 0, 1))
    assert all(torch.equal(before[name], tensor) for name, tensor in trained.state_dict().items())
    assert {name: tensor.shape for name, tensor in one.state_dict().items()} == {
        name: tensor.shape for name, tensor in before.items()
    }
    assert not one.training and one.description == trained.description and one.num_experts == 2
    tables = []
    for number, encoder in enumerate((one, same, other, trained)):
        patch_features(encoder, store, LOCATIONS, tmp_path / f"{number}.zarr")
        tables.append(image_features(encoder, tmp_path / f"{number}.zarr").drop(columns="sid").to_numpy())
    assert np.array_equal(tables[0], tables[1])
    assert not np.allclose(tables[0], tables[2]) and not np.allclose(tables[0], tables[3])
    norm = next(module for module in one.modules() if isinstance(module, torch.nn.BatchNorm3d))
    assert norm.running_mean.abs().sum() > 0, "its batch-norm statistics are those of the patches"
