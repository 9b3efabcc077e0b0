"""Boxes without scans: patches of tissue, of which those of emphysema hold dark holes."""

import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.detect.boxes.dataset import Boxes
from drasclr_core.detect.boxes.folds import fold_of_subjects
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.model import Encoder

SIZE = 8


def boxes_of(subjects: int = 20, each: int = 2, seed: int = 0, planted: bool = True, folds: int = 5,
             kinds: tuple[str, ...] = ("centrilobular", "healthy")) -> Boxes:  # fmt: skip
    """Half of the subjects have centrilobular boxes, half are healthy; without `planted` they look alike.

    With other `kinds` these take turns; paraseptal boxes hold one large dark hole.
    """
    rng = np.random.default_rng(seed)
    rows = [(f"S{index:02d}", kinds[index % len(kinds)]) for index in range(subjects) for _ in range(each)]
    table = pd.DataFrame(rows, columns=["sid", "subtype"]).assign(x=0.0, y=0.0, z=0.0)
    hu = rng.normal(-860, 40, (len(table), *(2 * SIZE,) * 3)).astype(np.int16)
    if planted:
        holes = rng.random(hu.shape) < 0.4
        ill = (table["subtype"] == "centrilobular").to_numpy()
        hu[ill] = np.where(holes[ill], -990, hu[ill])
        hu[(table["subtype"] == "paraseptal").to_numpy(), 4:10, 4:12, 4:12] = -1000
    locations, steps = rng.uniform(-0.8, 0.8, (len(table), 3)), np.tile(0.05 * np.eye(3), (len(table), 1, 1))
    fold = table["sid"].map(fold_of_subjects(table, folds, seed)).to_numpy()
    return Boxes(BoxPatches(table, hu, locations, steps, f"made up {seed} {planted}"), fold, "")


def encoder_of(conditioning: str = "loc-condconv") -> Encoder:
    """A random encoder of 8 features for these patches, in eval mode."""
    torch.manual_seed(0)
    encoder = Encoder(rep_dim=8, num_experts=2, conditioning=conditioning)
    for block in encoder.blocks:
        block.norm.momentum = None
    noise = torch.rand(32, 1, *(SIZE,) * 3) * 0.6 - 1
    with torch.no_grad():
        encoder(noise, torch.rand(32, 3) * 2 - 1)  # statistics of something like the boxes
    encoder.description = {"patch_size": SIZE, "spacing_mm": 4.0, "hu_window": [-1024, 240]}
    return encoder.eval()


@pytest.fixture(scope="session")
def make_boxes():
    """Makes boxes: ``make_boxes(subjects, each, seed, planted, folds)``."""
    return boxes_of


@pytest.fixture(scope="session")
def planted():
    """Boxes whose label can be seen."""
    return boxes_of()


@pytest.fixture(scope="session")
def three_kinds():
    """Boxes of both subtypes and healthy ones."""
    return boxes_of(30, 2, kinds=("centrilobular", "healthy", "paraseptal"))


@pytest.fixture(scope="session")
def encoder():
    return encoder_of()
