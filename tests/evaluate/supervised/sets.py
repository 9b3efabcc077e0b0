"""Small stores of patches, and cohorts whose spirometry follows from them, or from nothing."""

import numpy as np
import pandas as pd

from drasclr_core.evaluate.supervised.subject2vec import Subject2VecSettings
from drasclr_core.evaluate.supervised.subject_vectors import SubjectVectors

from ...pretrain.conftest import TinyStore

BRIEF = Subject2VecSettings(epochs=2)


class SetStore(TinyStore):
    """Each subject has one pattern of its own at all landmarks, with noise."""

    def __init__(self, subjects=12, landmarks=4, size=4, seed=0):
        super().__init__(subjects, landmarks, size)
        rng = np.random.default_rng(seed)
        own = rng.normal(-700, 200, (1, subjects, size, size, size))
        self.patches = (own + rng.normal(0, 20, (landmarks, *own.shape[1:]))).astype(np.int16)
        self.absent = []

    def missing(self):
        return self.absent


def targets(store, seed=0):
    """Targets that have nothing to do with the patches."""
    values = np.random.default_rng([seed, 7]).standard_normal((len(store.sids), 2))
    return pd.DataFrame(values, index=store.sids, columns=["logFEV1pp", "logFEV1/FVC"])


def vectors(folder, store=None, seed=0, settings=BRIEF):
    store = store or SetStore()
    return SubjectVectors(store, store.size, targets(store, seed), settings, folder)
