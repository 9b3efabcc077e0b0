"""One scan's features at the landmarks (Eq. 10) and their mean (Eq. 11), as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.imaging.volume import Volume
from drasclr_core.model.encoder import Encoder
from drasclr_core.model.inputs import center_views

AT_ONCE = 16  # patches with kernels of their own; the dense maps' exact mode was fastest with so many


@torch.inference_mode()
def landmark_table(volume: Volume, lungs: np.ndarray, centres_mm: np.ndarray, encoder: Encoder,
                   atlas: Atlas) -> pd.DataFrame:  # fmt: skip
    """Represents one scan at every landmark, as `patch_features` does for a cohort.

    Parameters
    ----------
    volume : Volume
        With the encoder's voxel size.
    lungs : uint8 [x, y, z]
        Above zero in the lungs, on the volume's grid.
    centres_mm : float64 [L, 3]
        The atlas's landmarks in the scan, RAS mm.
    encoder : Encoder
        In eval mode, with ``description["patch_size"]``.
    atlas : Atlas
        That the encoder was trained on.

    Returns
    -------
    DataFrame
        One row per landmark: ``landmark``; ``x, y, z``, RAS mm in the scan; ``atlas_x, atlas_y, atlas_z`` in [-1, 1];
        ``inside_lungs``, the share of the patch that lies in the lungs; and h as ``h000, h001, ...``
    """
    size, locations = encoder.description["patch_size"], atlas.locations
    patches, _ = extract_patches(volume, centres_mm, size)
    shares, _ = extract_patches(Volume((lungs > 0).astype(np.float32), volume.affine), centres_mm, size)
    views, told = center_views(torch.from_numpy(patches), size)[:, None], torch.from_numpy(locations)
    parts = [encoder(views[start : start + AT_ONCE], told[start : start + AT_ONCE])
             for start in range(0, len(views), AT_ONCE)]  # fmt: skip
    features = torch.cat(parts).float().numpy()
    about = pd.DataFrame(np.column_stack([centres_mm, locations]),
                         columns=["x", "y", "z", "atlas_x", "atlas_y", "atlas_z"])  # fmt: skip
    about.insert(0, "landmark", np.arange(len(about)))
    about["inside_lungs"] = (shares > 0).mean(axis=(1, 2, 3))
    return about.join(pd.DataFrame(features, columns=[f"h{index:03d}" for index in range(features.shape[1])]))


def image_row(landmarks: pd.DataFrame, name: str) -> pd.DataFrame:
    """Returns the mean over landmarks, one row ``sid, f000, f001, ...`` as in a cohort's feature table."""
    means = landmark_features(landmarks).mean(axis=0, dtype=np.float32)
    row = pd.DataFrame([means], columns=[f"f{index:03d}" for index in range(len(means))])
    row.insert(0, "sid", name)
    return row


def landmark_features(landmarks: pd.DataFrame) -> np.ndarray:
    """Returns the columns h, [L, rep_dim]."""
    return landmarks.filter(regex=r"^h\d+$").to_numpy()
