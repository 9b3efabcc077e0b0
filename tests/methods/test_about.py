"""What methods' files say of themselves reaches the page about all of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from drasclr_core.methods import PretrainingStage, departures, methods, pretext_pictures

OWN = ("drasclr", "drasclr_local")


@pytest.mark.parametrize("name", methods())
def test_pictures_are_patches_of_every_person_with_captions(name):
    kind = methods()[name]
    if getattr(kind, "sees", "patches") != "patches":
        pytest.skip("sees volumes")
    settings = kind.configure(16, 2.0, {})
    stored = torch.randint(-1000, -300, (4, 28, 28, 28), generator=torch.Generator().manual_seed(0)).short()
    store = SimpleNamespace(read=lambda landmark, people: stored[people].numpy())
    stage = PretrainingStage(store, None, kind, settings, None, None)
    people = np.arange(4)
    first, again = (pretext_pictures(stage, 0, people, torch.Generator().manual_seed(1)) for _ in range(2))
    assert len(first) >= 2 and all(caption.strip() for caption in first)
    for caption, picture in first.items():
        assert tuple(picture.shape) == (4, 16, 16, 16) and torch.equal(picture, again[caption])
        assert picture.isfinite().all()
    assert len({picture.float().sum().item() for picture in first.values()}) > 1


@pytest.mark.parametrize("name", sorted(set(methods()) - set(OWN)))
def test_what_differs_from_the_publication_is_said(name):
    told = departures(name)
    assert told and all(len(sentence) > 15 for sentence in told)
