"""Which patches of other subjects an encoder holds to be most like a patch: nearest by cosine similarity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Nearest(NamedTuple):
    """Neighbours of Q patches, nearest first.

    Attributes
    ----------
    subjects, landmarks : int64 [Q, K]
        Where they are; -1 where there are fewer than K.
    similarity : float32 [Q, K]
        Cosine, -1 to 1; NaN where there is none.
    """

    subjects: np.ndarray
    landmarks: np.ndarray
    similarity: np.ndarray


def unit_length(features: np.ndarray) -> np.ndarray:
    """Returns vectors [..., C] divided by their length, float32; vectors of length 0 stay 0."""
    lengths = np.linalg.norm(features, axis=-1, keepdims=True)
    return np.divide(features, lengths, out=np.zeros(features.shape, np.float32), where=lengths > 0)


def centred_by_place(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns features [S, L, C] minus their mean over the subjects at each place.

    What is left is how a patch differs from other people's at this place. `known` [S, L] says which patches count in
    the mean; where none does, nothing is subtracted.
    """
    return features - place_means(features, known)


def place_means(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns means [L, C] over subjects of features [S, L, C] where `known` [S, L]; 0 at a place where none is."""
    total = np.where(known[..., None], features, 0).sum(axis=0)
    return total / np.maximum(known.sum(axis=0), 1)[:, None]


def nearest_at_landmark(vectors: np.ndarray, known: np.ndarray, subjects: np.ndarray, landmark: int,
                        count: int) -> Nearest:  # fmt: skip
    """Returns the nearest patches of other subjects at the same landmark.

    Parameters
    ----------
    vectors : float32 [S, L, C]
        Of length 1 (`unit_length`).
    known : bool [S, L]
        Which patches may be found.
    subjects : int [Q]
        Whose patches are asked for.
    landmark, count : int
    """
    similarity = vectors[subjects, landmark] @ vectors[:, landmark].T
    similarity[:, ~known[:, landmark]] = -np.inf
    similarity[np.arange(len(subjects)), subjects] = -np.inf
    return _first(similarity, np.full(similarity.shape, landmark), count)


def nearest_anywhere(vectors: np.ndarray, known: np.ndarray, subjects: np.ndarray, landmarks: np.ndarray,
                     count: int) -> Nearest:  # fmt: skip
    """Returns the nearest patches of other subjects at whatever landmark; of each subject only its nearest one.

    Otherwise a row would fill with overlapping patches of one person. Parameters as in `nearest_at_landmark`;
    `landmarks` [Q] are those of the patches that are asked for.
    """
    asked = vectors[subjects, landmarks]
    best, where = np.empty((2, len(asked), len(vectors)), np.float32)
    for subject, own in enumerate(vectors):  # one subject at a time, so that memory does not grow with the landmarks
        similarity = asked @ own.T
        similarity[:, ~known[subject]] = -np.inf
        best[:, subject], where[:, subject] = similarity.max(axis=1), similarity.argmax(axis=1)
    best[np.arange(len(subjects)), subjects] = -np.inf
    return _first(best, where.astype(int), count)


def _first(similarity: np.ndarray, landmarks: np.ndarray, count: int) -> Nearest:
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
    best = np.take_along_axis(similarity, order, axis=1)
    there = np.isfinite(best)
    where = np.take_along_axis(landmarks, order, axis=1)
    return Nearest(np.where(there, order, -1), np.where(there, where, -1), np.where(there, best, np.nan))
