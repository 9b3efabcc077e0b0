"""The encoder that is evaluated is the one that was trained."""

import numpy as np
import pytest
import torch

from drasclr_core.differences.norms import apart
from drasclr_core.model import Encoder
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain.statistics import estimate_statistics

LANDMARKS, SUBJECTS, SIZE = 6, 64, 8
LOCATIONS = torch.stack([torch.linspace(-1, 1, LANDMARKS)] * 3, dim=1)


class Store:
    """Subjects and landmarks differ in density and texture, landmarks more."""

    def __init__(self):
        random = np.random.default_rng(0)
        level = np.linspace(-950, -350, LANDMARKS)[:, None] + random.normal(0, 40, (LANDMARKS, SUBJECTS))
        rough = np.linspace(150, 15, LANDMARKS)[:, None] * random.uniform(0.5, 2, (1, SUBJECTS))
        noise = random.normal(size=(LANDMARKS, SUBJECTS, SIZE, SIZE, SIZE))
        self.patches = (level[..., None, None, None] + rough[..., None, None, None] * noise).astype(np.int16)
        self.size, self.sids = SIZE, [f"S{number}" for number in range(SUBJECTS)]

    def read(self, landmark, subjects):
        return self.patches[landmark, subjects]


def largest_difference(norm, batch):
    """Of h in training, within a batch, and at inference: root mean square over a landmark, the worst, in units of the
    spread of h over subjects."""
    torch.manual_seed(0)
    encoder = Encoder(16, 2, norm=norm, landmarks=LANDMARKS if norm == "landmark" else 0)
    store, worst = Store(), 0.0
    estimate_statistics(encoder, store, LOCATIONS, SIZE)
    assert not encoder.training
    subjects = np.random.default_rng(1).permutation(SUBJECTS)[:batch]
    for landmark, location in enumerate(LOCATIONS):
        views = center_views(torch.from_numpy(store.read(landmark, subjects)), SIZE)[:, None]
        with torch.no_grad():
            trained, used = encoder.train()(views, location), encoder.eval()(views, location)
        worst = max(worst, apart(trained, used))
    return worst


def test_landmark_norm_is_one_function_in_training_and_inference():
    """With all subjects to rounding; with a batch of 32 up to what 32 of 64 subjects say of the statistics of all."""
    assert largest_difference("landmark", SUBJECTS) < 1e-3
    assert largest_difference("landmark", 32) < 0.5


def test_group_norm_is_one_function_and_pooled_batch_norm_is_not():
    assert largest_difference("group", 32) == 0
    assert largest_difference("batch", SUBJECTS) > 1


@pytest.mark.parametrize("norm", ["batch", "landmark"])
def test_statistics_follow_from_the_seed_alone(norm):
    def made():
        torch.manual_seed(0)
        encoder = Encoder(16, 2, norm=norm, landmarks=LANDMARKS if norm == "landmark" else 0)
        estimate_statistics(encoder, Store(), LOCATIONS, SIZE, seed=3)
        return encoder.state_dict()

    first, second = made(), made()
    assert all(torch.equal(first[name], second[name]) for name in first)
