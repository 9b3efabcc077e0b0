"""Features of whole lungs, and what an encoder is shown of a cohort."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.volumes.store import VolumeStore
from drasclr_core.model.inputs import center_views
from drasclr_core.model.resnet import ResNetEncoder
from drasclr_core.pieces import mark_done
from drasclr_core.represent import seen_by, untrained_encoder, volume_features
from drasclr_core.run import Run

SIDS = ["A", "B", "C"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Three scans with a box of lung each, accepted."""
    run, random = Run(str(tmp_path / "run")), np.random.default_rng(0)
    run.images.mkdir(parents=True)
    for sid in SIDS:
        array, lungs = np.full((20, 20, 20), 30, np.int16), np.zeros((20, 20, 20), np.uint8)
        array[:2] = -1000
        lungs[4:12, 4:16, 3:18] = 1
        array[lungs > 0] = random.normal(random.uniform(-950, -700), 40, np.count_nonzero(lungs))
        run.anatomy(sid).mkdir(parents=True)
        nib.save(nib.Nifti1Image(array, np.diag([4.0, 4, 4, 1])), run.images / f"{sid}.nii.gz")
        nib.save(nib.Nifti1Image(lungs, np.diag([4.0, 4, 4, 1])), run.anatomy(sid) / "lungs.nii.gz")
        mark_done(run.anatomy(sid), "lungs", sid)
    table = pd.DataFrame({"sid": SIDS, "image": [f"cohort/images/{sid}.nii.gz" for sid in SIDS]})
    monkeypatch.setattr("drasclr_core.anatomy.volumes.store.accepted_subjects", lambda run: table)
    monkeypatch.setattr("drasclr_core.progress.cpu_count", lambda: 1)  # no processes for three scans
    return run


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    encoder = ResNetEncoder(10, 2).eval()
    encoder.description = {"patch_size": 8, "sees": "volumes", "locations": [[0.0, 0.0, 0.0]],
                           "spacing_mm": 8.0, "location_box_mm": [[-1.0] * 3, [1.0] * 3]}  # fmt: skip
    return encoder


def test_each_row_is_the_encoder_of_a_subject_by_itself(run, encoder, monkeypatch):
    monkeypatch.setattr("drasclr_core.represent.features.VOLUMES_AT_ONCE", 2)
    store, place = seen_by(run, encoder)
    assert isinstance(store, VolumeStore) and store.size == 8 and len(place.locations) == 1
    table = volume_features(encoder, store)
    assert table.columns.tolist() == ["sid", *[f"f{number:03d}" for number in range(16)]]
    assert table["sid"].tolist() == SIDS
    for row, sid in enumerate(SIDS):
        with torch.no_grad():
            alone = encoder(center_views(torch.from_numpy(store.read_subject(sid)), 8)[:, None], None)
        np.testing.assert_allclose(table.iloc[row, 1:].astype(float), alone[0], rtol=1e-4, atol=1e-6)
    assert (table.iloc[:, 1:].std() > 0).any()


def test_an_untrained_one_has_its_form(run, encoder):
    store, _ = seen_by(run, encoder)
    blank = untrained_encoder(encoder, store, seed=3)
    assert blank.sees == "volumes" and blank.rep_dim == encoder.rep_dim
    ours, theirs = (volume_features(one, store).drop(columns="sid").to_numpy() for one in (blank, encoder))
    assert np.isfinite(ours).all() and not np.allclose(ours, theirs)


def test_an_encoder_of_patches_sees_patches_of_its_own_atlas(run, encoder):
    atlas = build_atlas(np.ones((16, 16, 16)), np.diag([4.0, 4, 4, 1]), step_mm=32.0)
    atlas.save(run.atlas)
    encoder.description = {"patch_size": 8, "locations": atlas.locations.tolist()}
    store = PatchStore.create(run.patches, SIDS, len(atlas.corners), 8, 4.0)
    with pytest.raises(FileNotFoundError, match="3 subjects have no patches yet: run notebook 05_patches"):
        seen_by(run, encoder)
    for sid in SIDS:
        store.write(sid, np.full((len(atlas.corners), 8, 8, 8), -900, np.int16))
    found, seen = seen_by(run, encoder)
    assert found.sids == SIDS and np.array_equal(seen.locations, atlas.locations)
    encoder.description["locations"][0][0] += 0.1
    with pytest.raises(ValueError, match="trained on other landmarks: run notebook 06_pretrain again"):
        seen_by(run, encoder)
