import numpy as np

from drasclr_core.pretrain.cache import CachedPatches, cached


def test_gives_the_same_patches_as_the_store(tiny):
    store, _ = tiny
    held = cached(store, limit_gb=1)
    assert isinstance(held, CachedPatches)
    subjects = np.array([5, 0, 7])
    for landmark in range(store.num_landmarks):
        np.testing.assert_array_equal(held.read(landmark, subjects), store.read(landmark, subjects))
    assert (held.sids, held.num_landmarks, held.size) == (store.sids, store.num_landmarks, store.size)


def test_a_store_above_the_limit_stays_on_disk(tiny):
    store, _ = tiny
    gigabytes = store.patches.nbytes / 1e9
    assert cached(store, limit_gb=gigabytes * 0.99) is store
    assert cached(store, limit_gb=gigabytes * 1.01) is not store
