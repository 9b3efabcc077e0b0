"""Features of patches and images from a trained encoder (paper Eq. 10 and 11)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
import zarr

from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.volumes.store import VolumeStore
from drasclr_core.model.inputs import center_views
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import fingerprint
from drasclr_core.progress import track

SUBJECTS_AT_ONCE = 256  # subjects per chunk and per pass, so that memory does not grow with the cohort
VOLUMES_AT_ONCE = 16


@torch.inference_mode()
def patch_features(encoder: PatchEncoder, store: PatchStore, locations: np.ndarray, out_path: str | Path) -> zarr.Array:
    """Represents every landmark of every subject: h_ij = e(x_ij, p_j).

    One landmark at a time, so that its kernels are mixed once. The array is written chunk by chunk (one landmark,
    up to 256 subjects); a run that was killed goes on with the missing chunks; another encoder or other patches begin
    again.

    Parameters
    ----------
    encoder : PatchEncoder
        In eval mode, with ``description["patch_size"]``, as `load_encoder` gives it.
    locations : float [L, 3]
        In [-1, 1].
    out_path : path
        Zarr array float32 [subject, landmark, rep_dim], attributes ``sids`` and ``encoder`` (see `is_of`).

    Returns
    -------
    zarr.Array
    """
    size, device = encoder.description["patch_size"], encoder.device
    num_subjects, num_landmarks = len(store.sids), len(locations)
    array = _open(out_path, (num_subjects, num_landmarks, encoder.rep_dim),
                  {"sids": list(store.sids), "key": _key(encoder, store, locations)})  # fmt: skip
    array.attrs["encoder"] = weights_fingerprint(encoder)
    told = torch.as_tensor(np.asarray(locations), dtype=torch.float32, device=device)
    for landmark in track(range(num_landmarks), "Features"):
        for start in range(0, num_subjects, SUBJECTS_AT_ONCE):
            rows = slice(start, min(start + SUBJECTS_AT_ONCE, num_subjects))
            if not np.isnan(array[rows, landmark, 0]).any():
                continue
            patches = torch.from_numpy(store.read(landmark, np.arange(rows.start, rows.stop)))
            views = center_views(patches, size)[:, None].to(device)
            array[rows, landmark] = encoder(views, told[landmark]).float().cpu().numpy()
    return array


def is_of(features: zarr.Array | pd.DataFrame, encoder: PatchEncoder) -> bool:
    """Returns False where features, of patches or of images, say that another encoder, of other weights, made them."""
    maker = features.attrs.get("encoder")
    return maker is None or maker == weights_fingerprint(encoder)


def image_features(encoder: PatchEncoder, path: str | Path) -> pd.DataFrame:
    """Returns one row per subject, columns sid, f000, f001, ...: by default the mean over landmarks (Eq. 11).

    The table's ``attrs``, which Parquet keeps, say of which encoder it is (see `is_of`).
    Raises ValueError where `patch_features` has not finished the array at `path`.
    """
    array = zarr.open_array(path, mode="r")
    starts = range(0, array.shape[0], SUBJECTS_AT_ONCE)
    means = [encoder.image_features(array[start : start + SUBJECTS_AT_ONCE]) for start in starts]
    means = np.concatenate(means)
    if np.isnan(means).any():
        raise ValueError(
            f"{Path(path).name} lacks features of some landmarks: the run was interrupted. Run notebook 07 again."
        )
    return _table(array.attrs["sids"], means, encoder)


@torch.inference_mode()
def volume_features(encoder: PatchEncoder, store: VolumeStore) -> pd.DataFrame:
    """Represents the whole lungs of every subject; the table is that of `image_features`.

    Parameters
    ----------
    encoder : PatchEncoder
        In eval mode, of a method that sees volumes.
    store : VolumeStore
        Cubes of the edge that the encoder was trained on.
    """
    rows, middle = np.arange(len(store.sids)), torch.from_numpy(store.place.locations[0]).to(encoder.device)
    parts = []
    for some in track(np.array_split(rows, -(-len(rows) // VOLUMES_AT_ONCE)), "Features"):
        views = center_views(torch.from_numpy(store.read(0, some)), store.size)[:, None].to(encoder.device)
        parts.append(encoder(views, middle).float().cpu().numpy())
    return _table(store.sids, np.concatenate(parts), encoder)


def _table(sids: list[str], features: np.ndarray, encoder: PatchEncoder) -> pd.DataFrame:
    table = pd.DataFrame(features, columns=[f"f{index:03d}" for index in range(features.shape[1])])
    table.insert(0, "sid", sids)
    table.attrs["encoder"] = weights_fingerprint(encoder)
    return table


def _open(path: str | Path, shape: tuple[int, int, int], attributes: dict) -> zarr.Array:
    """The array as far as it was written with the same attributes, or a new one full of NaN."""
    if Path(path).exists():
        array = zarr.open_array(path, mode="r+")
        if array.shape == shape and all(array.attrs.get(name) == value for name, value in attributes.items()):
            return array
    chunks = (min(shape[0], SUBJECTS_AT_ONCE), 1, shape[2])
    return zarr.create_array(path, shape=shape, chunks=chunks, dtype="float32", fill_value=np.nan,
                             attributes=attributes, overwrite=True)  # fmt: skip


def _key(encoder: PatchEncoder, store: PatchStore, locations: np.ndarray) -> str:
    """Changes with the weights, the landmarks and the patches."""
    locations = np.asarray(locations, dtype=float)
    return fingerprint(weights=weights_fingerprint(encoder), locations=locations, patches=store.contents())
