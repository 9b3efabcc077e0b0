"""Where one scan lies among a cohort's: is it like what the encoder was trained on?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import zarr
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.features import read_features
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.represent.features import is_of
from drasclr_core.represent.landmark_table import landmark_features
from drasclr_core.run import Run

NEIGHBOURS = 5
"""So many nearest subjects are averaged over."""
FEWEST = 4
"""A cohort of fewer subjects says nothing about what is usual."""
USUAL = 95.0
"""Up to this percentile of the cohort's own distances a scan, or a patch, counts as like the cohort."""
ODD_LANDMARKS = (15.0, 50.0)
"""With more than so many per cent of odd patches a scan is at the edge of the cohort, or outside; 5 % are expected."""
MOST = 256
"""Subjects that patches are compared with; more would change little."""


@dataclass(frozen=True)
class Place:
    """Where one scan lies among a cohort's.

    Attributes
    ----------
    distance : float
        Root mean square difference per feature from the nearest subjects, in standard deviations of the cohort.
    usual : float [N]
        The same of every subject of the cohort from its own nearest among the others.
    percentile : float
        Share of the cohort's distances that are smaller, %.
    odd_landmarks : float or None
        Share of the landmarks at which the scan's patch is farther from the cohort's patches there than 95 % of them
        are from each other, %; None where patches were not compared.
    verdict : str
        ``inside``; ``edge``, above the 95th percentile or with more than 15 % odd landmarks; or ``outside``, farther
        than any subject of the cohort or with more than 50 %.
    point : float [2]
        The scan along the cohort's first two principal components.
    points : float [N, 2]
        The cohort's.
    explained : float [2]
        Share of the cohort's variance along each, %.
    """

    distance: float
    usual: np.ndarray
    percentile: float
    odd_landmarks: float | None
    verdict: str
    point: np.ndarray
    points: np.ndarray
    explained: np.ndarray

    @property
    def usual_range(self) -> tuple[float, float]:
        """Median and largest of the cohort's own distances."""
        return float(np.median(self.usual)), float(self.usual.max())


def place_among(features: np.ndarray, cohort: np.ndarray, odd_landmarks: float | None = None) -> Place:
    """Compares one scan's image-level features with a cohort's.

    Distances to nearest neighbours need no assumption about the cloud's shape, and no inverse of a covariance, which
    fewer subjects than features do not have.

    Parameters
    ----------
    features : [D]
    cohort : [N, D]
        Without the scan itself.
    odd_landmarks : float, optional
        From `odd_share`; it counts for the verdict.

    Raises
    ------
    ValueError
        Fewer than 4 subjects, or other features than the scan's.
    """
    features, cohort = np.asarray(features, dtype=float), np.asarray(cohort, dtype=float)
    if len(cohort) < FEWEST:
        raise ValueError(f"{len(cohort)} subjects with features are too few to compare with: {FEWEST} are needed.")
    if cohort.shape[1:] != features.shape:
        raise ValueError(f"The scan has {features.size} features, the cohort {cohort.shape[1]}: use the same encoder.")
    distance, usual, ours, theirs = _distances(features, cohort)
    percentile = 100 * float((usual < distance).mean())
    edge, outside = ((odd_landmarks or 0) > limit for limit in ODD_LANDMARKS)
    edge, outside = edge or percentile > USUAL, outside or percentile == 100
    pca = PCA(2, random_state=0).fit(theirs)
    return Place(
        distance=distance,
        usual=usual,
        percentile=percentile,
        odd_landmarks=odd_landmarks,
        verdict="outside" if outside else "edge" if edge else "inside",
        point=pca.transform(ours[None])[0],
        points=pca.transform(theirs),
        explained=100 * pca.explained_variance_ratio_,
    )


def odd_share(patches: np.ndarray, cohort: np.ndarray) -> float:
    """Returns the share of the landmarks at which a scan is unlike the cohort, %.

    A mean over landmarks may lie amid a cohort though no patch is like the cohort's. So every patch is compared with
    the cohort's patches at the same landmark: it is odd if it lies farther from the nearest than 95 % of them do.

    Parameters
    ----------
    patches : [L, D]
        The scan's features at the landmarks.
    cohort : [N, L, D]
        The cohort's, without the scan's own.
    """
    odd = 0
    for landmark, ours in enumerate(patches):
        distance, usual, _, _ = _distances(ours, cohort[:, landmark])
        odd += distance > np.percentile(usual, USUAL)
    return 100 * odd / len(patches)


def compare_with_cohort(
    run: Run, method: str, encoder: PatchEncoder, landmarks: pd.DataFrame, sid: str | None
) -> tuple[Place, pd.DataFrame] | None:
    """Returns the place of a scan among a run's cohort, and who that is.

    Parameters
    ----------
    run : Run
    method : str
        Folder under ``features``; without ``patch.zarr`` in it, only image-level features are compared.
    encoder : PatchEncoder
        The one by which the scan was described.
    landmarks : DataFrame
        From `landmark_table`.
    sid : str or None
        A subject to leave out, because it is the scan.

    Returns
    -------
    (Place, DataFrame) or None
        The table has ``sid`` and, where known, ``LAA950_pct`` of the subjects, in the order of the place's points. None
        if the cohort has no features or those of another encoder, or fewer than 4 subjects.
    """
    try:
        subjects = read_subjects(run)
        features = read_features(run, subjects, method)
    except FileNotFoundError:
        return None
    ours, odd = landmark_features(landmarks), None
    if not is_of(features, encoder) or len(features.columns.drop("sid")) != ours.shape[1]:
        return None
    features = features[features["sid"] != sid]
    if len(features) < FEWEST:
        return None
    if (path := run.features(method) / "patch.zarr").exists():
        array = zarr.open_array(path, mode="r")
        if not is_of(array, encoder):
            return None
        rows = np.flatnonzero([other != sid for other in array.attrs["sids"]])
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(int)]
        odd = odd_share(ours, array.oindex[rows])
    place = place_among(ours.mean(axis=0), features.drop(columns="sid").to_numpy(), odd)
    return place, features[["sid"]].merge(_low_attenuation(run, subjects), on="sid", how="left")


def _low_attenuation(run: Run, subjects: pd.DataFrame) -> pd.DataFrame:
    """LAA-950 as for the scan, measured, where it is; given, where the table of patients has it; else no column."""
    try:
        return read_features(run, subjects, "laa950").set_axis(["sid", "LAA950_pct"], axis=1)
    except (FileNotFoundError, KeyError):
        return subjects[["sid"]]


def _distances(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Returns how far [D] is from its nearest among [N, D], and each of these among the others; then both scaled."""
    scaler = StandardScaler().fit(theirs)
    ours, theirs = scaler.transform(ours[None]), scaler.transform(theirs)
    nearest = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(theirs) - 1), algorithm="brute").fit(theirs)
    unit = np.sqrt(theirs.shape[1])
    usual = nearest.kneighbors()[0].mean(axis=1) / unit  # each among the others
    return float(nearest.kneighbors(ours)[0].mean() / unit), usual, ours[0], theirs
