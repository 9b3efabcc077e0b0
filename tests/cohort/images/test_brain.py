"""Simulated brains: tissue of the template, tumours that stay in the brain, four modalities, files as of BraTS."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.cohort.images.datasets import read_brats18
from drasclr_core.cohort.images.datasets.brats18 import MODALITIES
from drasclr_core.cohort.images.embedded import brain_with_tumour, load_template, make_brain_cohort
from drasclr_core.cohort.images.embedded.brain_picture import grade_of
from drasclr_core.cohort.images.embedded.brain_tumour import CORE, ENHANCING, OEDEMA, Tumour, pushed, tumour_labels
from drasclr_core.cohort.images.embedded.made import read_made
from drasclr_core.cohort.phantom.grid import Frame


@pytest.fixture(scope="module")
def template():
    return load_template()


@pytest.fixture(scope="module")
def brains(template):
    return [brain_with_tumour(template, index, seed=3, spacing=4.0) for index in range(4)]


def test_the_template_is_a_brain(template):
    shares = template.shares.astype(float) / 255
    assert shares.sum(axis=0).max() < 1.01
    litres = shares.sum(axis=(1, 2, 3)) * 8e-6
    assert 0.6 < litres[0] < 1.2 and 0.4 < litres[1] < 0.8 and 0.02 < litres[2] < 0.4  # grey, white, fluid
    inside = np.rint((template.deep - template.affine[:3, 3]) / 2).astype(int)
    assert (shares[1][tuple(inside.T)] > 0.75).all()


def test_every_modality_shows_what_it_is_known_for(brains):
    for images, labels, affine in brains:
        shown = dict(zip(MODALITIES, images, strict=True))
        healthy = (shown["t1"] > 0) & (labels == 0)
        white = healthy & (shown["t1"] > np.quantile(shown["t1"][healthy], 0.8))
        assert shown["flair"][labels == OEDEMA].mean() > 1.1 * np.median(shown["flair"][healthy])
        assert shown["t1"][labels == CORE].mean() < shown["t1"][white].mean()
        if (labels == ENHANCING).any():
            assert shown["t1ce"][labels == ENHANCING].mean() > 1.2 * shown["t1ce"][labels == CORE].mean()
            assert shown["t1"][labels == ENHANCING].mean() < shown["t1"][white].mean()
        brain = images[0] > 0
        assert all(((image > 0) == brain).all() for image in images) and not labels[~brain].any()
        assert 0.8 < brain.sum() * 64e-6 < 2.2 and np.diag(affine)[:3].tolist() == [4, 4, 4]


def test_subjects_differ_and_follow_from_seed_and_number(template, brains):
    again = brain_with_tumour(template, 2, seed=3, spacing=4.0)
    assert np.array_equal(again[0], brains[2][0]) and np.array_equal(again[1], brains[2][1])
    shapes = {images[0].astype(bool).tobytes() for images, _, _ in brains}
    assert len(shapes) == len({labels.tobytes() for _, labels, _ in brains}) == 4
    other = brain_with_tumour(template, 2, seed=4, spacing=4.0)
    assert not np.array_equal(other[1], brains[2][1])


def test_the_subject_is_the_same_at_another_voxel_size(template, brains):
    fine = brain_with_tumour(template, 1, seed=3, spacing=3.0)
    for part in (lambda labels: labels > 0, lambda labels: labels == OEDEMA):
        assert part(fine[1]).sum() * 27 == pytest.approx(part(brains[1][1]).sum() * 64, rel=0.2)
    with pytest.raises(ValueError, match=r"voxels of 2 to 6 mm, not 1\."):
        brain_with_tumour(template, 0, spacing=1.0)


def test_grades_are_as_often_as_in_brats():
    low = np.mean([grade_of(index, 0) == "LGG" for index in range(300)])
    assert 0.18 < low < 0.33


FRAME = Frame((-40.0, -40.0, -40.0), (20, 20, 20))


@given(st.lists(st.floats(-15, 15), min_size=3, max_size=3), st.floats(10, 20), st.floats(0, 6), st.floats(0.3, 1),
       st.floats(0.1, 0.4), st.integers(0, 99))  # fmt: skip
@settings(deadline=None, max_examples=15)
def test_any_tumour_stays_in_the_brain_and_has_its_parts_in_order(centre, radius, rim, oedema, push, seed):
    rng = np.random.default_rng(seed)
    axes = FRAME.axes(4.0)
    places = np.stack(np.meshgrid(*axes, indexing="ij"))
    shares = rng.dirichlet((1, 2, 0.5), places.shape[1:]).transpose(3, 0, 1, 2) * (np.abs(places[0]) < 30)
    tumour = Tumour(np.array(centre), radius, np.ones(3), rim, oedema, push, np.zeros((2, *FRAME.cells), np.float32))
    labels = tumour_labels(places, axes, shares, tumour, FRAME)
    distance = np.linalg.norm(places - np.reshape(centre, (3, 1, 1, 1)), axis=0)
    brain = shares.sum(axis=0) > 0.5
    assert not labels[~brain].any() and set(np.unique(labels)) <= {0, CORE, OEDEMA, ENHANCING}
    assert not labels[distance > radius * (1 + oedema) + 1e-3].any()
    assert (labels[brain & (distance < radius - rim - 1e-3)] == CORE).all()
    assert (ENHANCING in labels) <= (rim > 0) and (distance[labels == OEDEMA] >= radius - 1e-3).all()
    assert not (labels[shares[2] > 0.5] == OEDEMA).any()
    before = np.linalg.norm(pushed(places, tumour) - np.reshape(centre, (3, 1, 1, 1)), axis=0)
    order = np.argsort(distance.ravel())
    assert (before <= distance + 1e-3).all() and (np.diff(before.ravel()[order]) > -1e-3).all()  # tissue never folds


def test_a_cohort_is_files_of_brats_and_is_kept(template, tmp_path, monkeypatch):
    monkeypatch.setattr("drasclr_core.cohort.images.embedded.brain.load_template", lambda: template)
    pairs = make_brain_cohort(tmp_path, 3, seed=3, spacing=6.0, workers=1)
    assert pairs.refused.empty and [pair.group for pair in pairs.pairs] == [
        grade_of(int(pair.sid.split("_")[2]), 3) for pair in pairs.pairs
    ]
    case = pairs.read(pairs.pairs[0])
    assert case.images.shape[0] == 4 and set(np.unique(case.label)) <= {0, 1, 2, 3}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nii.gz")}
    assert len(make_brain_cohort(tmp_path, 2, seed=3, spacing=6.0, workers=1).pairs) == 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nii.gz")} == before and len(before) == 15
    assert [pair.sid for pair in read_made(tmp_path, read_brats18)[0].pairs] == [pair.sid for pair in pairs.pairs[:2]]
    seed = next(seed for seed in range(4, 99) if grade_of(0, seed) != grade_of(0, 3))
    make_brain_cohort(tmp_path, 1, seed=seed, spacing=6.0, workers=1)
    assert len(read_brats18(tmp_path).pairs) == 3  # nobody is there twice
    with pytest.raises(ValueError, match="0 subjects"):
        make_brain_cohort(tmp_path, 0)
