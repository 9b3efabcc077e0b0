import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.model import ConditionalMemoryBank


def unit(count, seed=0):
    return F.normalize(torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)), dim=1)


@given(size=st.integers(1, 9), batches=st.lists(st.integers(1, 20), min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_is_a_ring_of_the_newest_keys(size, batches):
    bank = ConditionalMemoryBank(2, size, 4)
    before = bank.keys[0].clone()
    keys, subjects = unit(sum(batches)), torch.arange(sum(batches))
    for part, ids in zip(keys.split(batches), subjects.split(batches), strict=True):
        bank.enqueue(1, part, ids)
    newest = set(subjects.tolist()[-size:])
    assert newest == set(bank.subjects[1].tolist()) - {-1}
    for place, subject in enumerate(bank.subjects[1].tolist()):
        if subject >= 0:
            assert torch.equal(bank.keys[1, place], keys[subject])
    assert torch.equal(bank.keys[0], before)  # the other landmark is left alone


@given(owners=st.lists(st.integers(0, 3), min_size=1, max_size=12), queries=st.lists(st.integers(0, 5), min_size=1))
@settings(deadline=None, max_examples=60)
def test_masks_exactly_the_own_subjects_keys(owners, queries):
    bank = ConditionalMemoryBank(1, 8, 4)
    bank.enqueue(0, unit(len(owners)), torch.tensor(owners))
    _, mask = bank.negatives(0, torch.tensor(queries))
    expected = [[owner == query for owner in bank.subjects[0].tolist()] for query in queries]
    assert mask.tolist() == expected


def test_starts_with_unit_vectors_that_are_nobodys_own():
    bank = ConditionalMemoryBank(3, 5, 4, generator=torch.Generator().manual_seed(0))
    keys, mask = bank.negatives(2, torch.arange(100))
    torch.testing.assert_close(keys.norm(dim=1), torch.ones(5))
    assert not mask.any()
    again = ConditionalMemoryBank(3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(again.keys, bank.keys)


def test_keys_that_are_too_old_are_masked():
    bank, nobody = ConditionalMemoryBank(2, 4, 4, max_age=2), torch.tensor([99])
    assert bank.negatives(0, nobody)[1].all()  # the random keys it starts with
    bank.enqueue(0, unit(2), torch.tensor([0, 1]))
    bank.enqueue(1, unit(2), torch.tensor([0, 1]))
    assert bank.negatives(0, nobody)[1].tolist() == [[False, False, True, True]]
    bank.enqueue(0, unit(1), torch.tensor([2]))
    assert bank.negatives(0, nobody)[1].tolist() == [[True, True, False, True]]


def test_negatives_do_not_change_when_keys_are_added():
    bank = ConditionalMemoryBank(1, 5, 4)
    keys, _ = bank.negatives(0, torch.tensor([0]))
    before = keys.clone()
    bank.enqueue(0, unit(5), torch.arange(5))
    assert torch.equal(keys, before)


def test_several_landmarks_at_once_are_as_one_after_the_other():
    banks = [ConditionalMemoryBank(4, 5, 4, max_age=3, generator=torch.Generator().manual_seed(0)) for _ in range(2)]
    for step, subjects in enumerate((torch.arange(3), torch.arange(7), torch.arange(2))):
        keys = torch.stack([unit(len(subjects), 10 * step + landmark) for landmark in range(2)])
        banks[0].enqueue([3, 1], keys, subjects)
        for landmark, own in zip((3, 1), keys, strict=True):
            banks[1].steps.fill_(step)  # one step for both
            banks[1].enqueue(landmark, own, subjects)
    assert all(torch.equal(first, second) for first, second in zip(*(bank.buffers() for bank in banks), strict=True))
    keys, mask = banks[0].negatives([3, 1], torch.arange(6))
    for place, landmark in enumerate((3, 1)):
        alone = banks[1].negatives(landmark, torch.arange(6))
        assert torch.equal(keys[place], alone[0]) and torch.equal(mask[place], alone[1])
    assert banks[0].age([3, 1]).tolist() == torch.stack([banks[1].age(3), banks[1].age(1)]).tolist()
