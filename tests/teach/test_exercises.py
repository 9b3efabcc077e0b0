"""Every model solution passes, and every typical mistake fails with the hint that was written for it."""

import numpy as np
import pytest
import torch

from drasclr_core import model
from drasclr_core.anatomy.atlas import AtlasAffine, landmark_grid, read_stored
from drasclr_core.evaluate.statistics.significance import corrected_error
from drasclr_core.evaluate.survival.concordance import concordance
from drasclr_core.image_volume import sinkhorn
from drasclr_core.pretrain.augment import Augmentation, rotation_matrices
from drasclr_core.teach.check import judge
from drasclr_core.teach.compare import EMPTY
from drasclr_core.teach.exercises import CHAPTERS, EXERCISES
from drasclr_core.teach.exercises.survival import not_censored

MISTAKES = [
    pytest.param(exercise, mistake, id=f"{exercise.id}-{number}")
    for exercise in EXERCISES.values()
    for number, mistake in enumerate(exercise.mistakes)
]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)
def test_the_solution_is_right_and_says_what_it_shows(exercise):
    verdict = judge(exercise, exercise.right)
    assert verdict.right, verdict.message
    assert len(verdict.message.split()) >= 6


@pytest.mark.parametrize("exercise, mistake", MISTAKES)
def test_a_typical_mistake_gets_its_own_hint(exercise, mistake):
    verdict = judge(exercise, mistake.answer)
    assert not verdict.right and verdict.message == mistake.hint


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)
def test_an_exercise_knows_mistakes_and_says_when_it_is_empty(exercise):
    assert exercise.mistakes
    assert judge(exercise, ...).message == EMPTY
    if callable(exercise.right):
        assert judge(exercise, lambda *arguments: ...).message == EMPTY
        draws = [exercise.inputs(np.random.default_rng(seed)) for seed in (0, 1)]
        assert repr(draws[0]) != repr(draws[1]), "inputs are random"


def test_a_rate_may_be_rounded_to_three_digits():
    assert judge(EXERCISES["12-rate"], 0.014).right and not judge(EXERCISES["12-rate"], 0.0142).right


def test_every_chapter_has_two_exercises_or_more():
    assert all(len(chapter.EXERCISES) >= 2 for chapter in CHAPTERS.values())
    assert len(EXERCISES) == sum(len(chapter.EXERCISES) for chapter in CHAPTERS.values()), "an id is there twice"


def _drawn(exercise):
    return [EXERCISES[exercise].inputs(np.random.default_rng(seed)) for seed in range(5)]


def test_solutions_are_what_the_core_computes():
    """An exercise that asks for a part of the core asks for that very part."""
    for scores, epsilon, iterations in _drawn("13-sinkhorn"):
        core = sinkhorn(torch.from_numpy(scores), epsilon, iterations)
        np.testing.assert_allclose(EXERCISES["13-sinkhorn"].right(scores, epsilon, iterations), core, rtol=1e-9)
    for *vectors, temperature in _drawn("5-loss"):
        core = model.local_loss(*map(torch.from_numpy, vectors), temperature)
        np.testing.assert_allclose(EXERCISES["5-loss"].right(*vectors, temperature), core, rtol=1e-9)
    for difference, test_to_train in _drawn("12-corrected"):
        t = difference.mean() / corrected_error(difference, test_to_train)
        np.testing.assert_allclose(EXERCISES["12-corrected"].right(difference, test_to_train), t)
    for A, b, landmarks in _drawn("2-subject"):
        matrix = np.linalg.inv(np.block([[A, b[:, None]], [np.zeros((1, 3)), np.ones((1, 1))]]))
        np.testing.assert_allclose(
            EXERCISES["2-subject"].right(A, b, landmarks), AtlasAffine(matrix).to_subject(landmarks)
        )
    for mask, *rule in _drawn("2-landmarks"):
        np.testing.assert_array_equal(EXERCISES["2-landmarks"].right(mask, *rule), landmark_grid(mask, *rule))
    for risk, days, died, _, horizon in _drawn("11-concordance"):
        core = concordance(risk, (days, died), (days, died), horizon)
        G = not_censored(days, died)
        np.testing.assert_allclose(EXERCISES["11-concordance"].right(risk, days, died, G, horizon), core)


def test_the_landmark_rule_gives_575_corners_on_the_authors_mask(real_data):
    mask, _ = read_stored(real_data / "official_atlas" / "atlas_lung_mask.nii.gz")
    assert len(EXERCISES["2-landmarks"].right(mask > 0, 32, 26, 0.1)) == 575


def test_a_network_shares_nothing_from_the_layer_that_the_exercise_says():
    """Layers with all weights one: where a padding of zeros is seen, values differ from those of a padding of ones."""
    for strides in ([1, 2, 1, 1, 2, 1], [2, 2, 1, 1], [1, 1, 2, 1, 2, 1]):
        padded, inner, first = torch.zeros(1, 1, 16), torch.zeros(1, 1, 16), 0
        kernel = torch.ones(1, 1, 3)
        for number, stride in enumerate(strides, 1):
            padded = torch.nn.functional.conv1d(
                torch.nn.functional.pad(padded, (1, 1), value=1.0), kernel, stride=stride
            )
            inner = torch.nn.functional.conv1d(inner, kernel, stride=stride, padding=1)
            if not first and (padded != inner).all():
                first = number
        assert EXERCISES["9-shared"].right(16, np.append(strides, np.ones(9, int))) == first > 0


def test_a_context_of_that_size_holds_every_view_and_one_voxel_less_does_not():
    size, scale, shift, degrees = 16, 0.1, 5, 10
    edge = EXERCISES["4-context"].right(size, scale, shift, degrees)
    angles = np.radians(np.linspace(-degrees, degrees, 81))
    corner = (size - 1) / 2 * (1 + scale) + shift
    reach = max((corner * (np.cos(a) * x - np.sin(a) * y) for a in angles for x in (-1, 1) for y in (-1, 1)), key=abs)
    assert (edge - 2) / 2 < abs(reach) <= (edge - 1) / 2


def test_the_sizes_of_a_context_that_a_right_answer_gets_told_are_those_of_the_published_changes():
    published = Augmentation()
    reach = (published.size - 1) / 2 * (1 + published.scale) + published.translate_mm
    angles = published.rotate_deg * torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0])
    turned = rotation_matrices(torch.deg2rad(torch.cartesian_prod(angles, angles, angles)))
    in_space = int(np.ceil(2 * reach * turned.abs().sum(dim=2).max().item() + 1))
    in_plane = int(EXERCISES["4-context"].right(32, published.scale, published.translate_mm, published.rotate_deg))
    told = EXERCISES["4-context"].learnt
    assert f"need {in_plane}, with turns about all three axes {in_space}:" in told


def test_who_keeps_the_sum_or_the_difference_of_the_routing_weights_is_told_so():
    alpha, second = (0.2, 0.4), 0.6
    assert "keep the sum" in judge(EXERCISES["3-scale"], sum(alpha) - second).message
    assert "keep the difference" in judge(EXERCISES["3-scale"], second - (alpha[1] - alpha[0])).message


def test_an_answer_of_which_many_are_right_is_tried():
    exercise = EXERCISES["9-interval"]

    def wider(size, checked, wrong):
        low, high = exercise.right(size, checked, wrong)
        return low - 0.001, high + 0.001

    assert judge(exercise, wider)
    assert "the lower one first" in judge(exercise, lambda *given: (0.5, 0.1)).message
    assert "stops with TypeError" in judge(exercise, lambda *given: 0.1).message
