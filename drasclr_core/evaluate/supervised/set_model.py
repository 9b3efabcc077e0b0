"""The row Subject2Vec: a linear readout of vectors that are trained anew within the training subjects of each fold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline

from drasclr_core.evaluate.features import FoldFeatures, features_of
from drasclr_core.evaluate.readout.cross_validation import Readout, cross_validate
from drasclr_core.evaluate.readout.linear import linear_model
from drasclr_core.evaluate.tasks import Task, labels_of


class TrainedFeatures(TransformerMixin, BaseEstimator):
    """Turns subjects into features that are trained on the subjects given to ``fit``, and on nobody else.

    Parameters
    ----------
    features : callable
        `FoldFeatures`; for Subject2Vec `SubjectVectors`.
    method : str
        What to call them in messages.
    """

    def __init__(self, features: FoldFeatures, method: str):
        self.features = features
        self.method = method

    def fit(self, sids: np.ndarray, labels: np.ndarray) -> TrainedFeatures:
        """Trains on the subjects `sids` [N]; their `labels` [N] are those of the readout, and play no part."""
        self.table_ = self.features(list(sids))
        return self

    def transform(self, sids: np.ndarray) -> np.ndarray:
        """Returns the features of subjects [N] as float [N, D]; KeyError where one has none."""
        return features_of(self.table_, sids, self.method)


def trained_readout(
    features: FoldFeatures,
    subjects: pd.DataFrame,
    task: Task,
    method: str = "subject2vec",
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
) -> Readout:
    """Cross-validates a linear readout of features that are trained within each fold.

    `subjects, task, method, folds, repeats, seed` are as in `readout`; the folds are those of `compare_readouts` when
    the subjects are the same. The penalty of the readout is chosen among the training subjects, on the features that
    they have trained: a network that knows them by heart makes it too weak, which costs the tested score and lends it
    nothing.

    Parameters
    ----------
    features : callable
        `FoldFeatures`.

    Raises
    ------
    ValueError
        The labels cannot be cross-validated.
    """
    labels = labels_of(subjects, task)

    def model(task: Task, labels: np.ndarray, rng: np.random.Generator) -> Pipeline:
        linear = linear_model(task, labels, rng)
        steps = linear.steps if isinstance(linear, Pipeline) else [("chance", linear)]
        return Pipeline([("features", TrainedFeatures(features, method)), *steps])

    sids = labels.index.to_series()
    return cross_validate(
        sids.to_numpy(), labels, task, method, folds, repeats, seed, model, len(subjects) - len(labels)
    )
