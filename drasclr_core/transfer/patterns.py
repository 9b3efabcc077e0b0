"""Patterns of emphysema in patches of 2D CT: hand-made features and encoders, read out over folds of subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans

from drasclr_core.evaluate.folds import grouped_folds, splits
from drasclr_core.image_volume import JointEncoder
from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.model.inputs import above_air, normalise
from drasclr_core.pretrain.statistics import even_batches
from drasclr_core.transfer.linear import in_chunks, linear_model

BINS = np.linspace(-1050.0, -550.0, 21)
"""Edges of the histogram, HU; what lies beyond falls into the first or last bin."""
WINDOW = 9
"""Edge of the windows whose densities K-means clusters, pixels: 7 mm in the Emphysema Database."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
WORDS = 16


def pattern_features(
    patches: np.ndarray, pixel_mm: float, encoders: Mapping[str, JointEncoder], seed: int = 0
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Returns, by name, a function from the positions of training patches to features [N, D] of all patches.

    What is fitted (the words of K-means, the statistics of batch norm) is fitted to the training patches alone.

    Parameters
    ----------
    patches : float [N, e, e]
        HU.
    pixel_mm : float
    encoders : mapping
        Joint encoders by name. Patches are brought to the pixels of their training; random weights, which have none,
        see them as the first training does.
    seed : int
        Of K-means.

    Raises
    ------
    ValueError
        An encoder knows no images.
    """
    for name, encoder in encoders.items():
        if not isinstance(encoder, JointEncoder):
            raise ValueError(f"{name} keeps an encoder of type {encoder.model_type!r}, which knows no images: name "
                             "trainings of joint image-volume learning.")  # fmt: skip
    laa = (patches < LOW_ATTENUATION).mean(axis=(1, 2))[:, None]
    inside = patches.clip(BINS[0], BINS[-1] - 1e-3)
    histogram = np.stack([np.histogram(patch, BINS)[0] / patch.size for patch in inside])
    windows = window_quantiles(patches)
    made = {
        "patch_laa": lambda train: laa,
        "patch_histogram": lambda train: histogram,
        "kmeans": lambda train: _words(windows, train, seed),
    }
    trained = [encoder.description["spacing_mm"] for encoder in encoders.values() if encoder.description]
    for name, encoder in encoders.items():
        spacing = encoder.description.get("spacing_mm", trained[0] if trained else pixel_mm)
        made[name] = _deep(patches, pixel_mm, spacing, encoder)
    return made


def window_quantiles(patches: np.ndarray) -> np.ndarray:
    """Returns quantiles of the densities in windows that tile each patch, float [N, windows, quantiles]."""
    edge = patches.shape[1] // WINDOW * WINDOW
    tiles = patches[:, :edge, :edge].reshape(len(patches), edge // WINDOW, WINDOW, edge // WINDOW, WINDOW)
    return np.moveaxis(np.quantile(tiles, QUANTILES, axis=(2, 4)), 0, -1).reshape(len(patches), -1, len(QUANTILES))


def pattern_scores(
    features: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    patterns: np.ndarray,
    subjects: np.ndarray,
    folds: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Returns how well patterns are told from features, over folds of subjects.

    Parameters
    ----------
    features : mapping
        From `pattern_features`.
    patterns : str [N]
    subjects : int [N]
        Patches of one person are alike: whole subjects train or test.
    folds, seed : int

    Returns
    -------
    DataFrame
        ``method, task, metric, repeat, fold, value, n_train, n_test`` (numbers of patches): of the task ``Pattern`` the
        accuracy in per cent, of each pattern how many of its patches are found (``recall``, 0 to 1; NaN where the fold
        has none). ``chance`` always says the most frequent pattern.

    Raises
    ------
    ValueError
        There are fewer subjects than folds, or the training subjects of a fold have one pattern alone.
    """
    people = len(np.unique(subjects))
    if people < folds:
        raise ValueError(f"{people} subjects are fewer than {folds} folds")
    known, code, count = np.unique(patterns, return_inverse=True, return_counts=True)
    known, code = known[np.argsort(-count)], np.argsort(np.argsort(-count))[code]  # the rarest pattern comes last
    fold = grouped_folds(code, subjects, folds, np.random.default_rng(seed))
    rows = []
    if any(len(set(code[train])) == 1 for train, _ in splits(fold)):
        raise ValueError(f"{_counts(known, code, subjects)} of {people} subjects are too few for {folds} folds: the "
                         "training of a fold has one pattern alone. Give more subjects")  # fmt: skip
    for number, (train, test) in enumerate(splits(fold)):
        found = {"chance": np.full(len(test), np.bincount(code[train]).argmax())}
        for name, make in features.items():
            x = make(train)
            model = linear_model(code[train], subjects[train], np.random.default_rng([seed, 1]))
            found[name] = model.fit(x[train], code[train]).predict(x[test])
        for name, said in found.items():
            right = said == code[test]
            scores = [("Pattern", "accuracy", 100 * right.mean())]
            scores += [(pattern.capitalize(), "recall", right[code[test] == place].mean() if (code[test] == place).any()
                        else np.nan) for place, pattern in enumerate(known)]  # fmt: skip
            rows += [(name, task, metric, 0, number, value, len(train), len(test)) for task, metric, value in scores]
    columns = ["method", "task", "metric", "repeat", "fold", "value", "n_train", "n_test"]
    return pd.DataFrame(rows, columns=columns)


def _counts(known: np.ndarray, code: np.ndarray, subjects: np.ndarray) -> str:
    """How many subjects have each pattern, in words."""
    return ", ".join(f"{pattern} in {len(set(subjects[code == place]))}" for place, pattern in enumerate(known))


def _words(windows: np.ndarray, train: np.ndarray, seed: int) -> np.ndarray:
    """Share of a patch's windows in each cluster of the training patches' windows, [N, WORDS]."""
    flat = windows[train].reshape(-1, windows.shape[-1])
    clusters = KMeans(min(WORDS, len(flat)), n_init=3, random_state=seed).fit(flat)
    words = clusters.predict(windows.reshape(-1, windows.shape[-1])).reshape(windows.shape[:2])
    return np.stack([(words == word).mean(axis=1) for word in range(clusters.n_clusters)], axis=1)


def _deep(patches: np.ndarray, pixel_mm: float, spacing: float, encoder: JointEncoder
          ) -> Callable[[np.ndarray], np.ndarray]:  # fmt: skip
    images = normalise(above_air(torch.from_numpy(np.asarray(patches, np.float32))[:, None]))
    edge = max(round(images.shape[-1] * pixel_mm / spacing), 8)
    images = F.interpolate(images, (edge, edge), mode="bilinear", antialias=True, align_corners=False)

    def make(train: np.ndarray) -> np.ndarray:
        encoder.adapt(even_batches(images[train]))
        return in_chunks(encoder.intra.pooled, images).numpy()

    return make
