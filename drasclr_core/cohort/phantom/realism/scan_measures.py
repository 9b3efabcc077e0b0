"""What a scan and its lungs measure, of a phantom or of a person: densities, clusters, noise; of a phantom, lobes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from drasclr_core.cohort.phantom.truth import disease_shares, load_truth
from drasclr_core.imaging.constants import LOW_ATTENUATION
from drasclr_core.imaging.densitometry import densitometry
from drasclr_core.imaging.volume import Volume, load_mask, load_volume

_LOBES = ("rul", "rml", "rll", "lul", "lll")


def noise_hu(volume: Volume, lungs: np.ndarray) -> float:
    """Returns the noise of the picture in HU: the robust s.d. of second differences in tissue away from edges.

    The difference of a voxel and the mean of its neighbours to the left and right has 1.5 times the variance of
    uncorrelated noise; smooth structure cancels. Only the quieter half of the lung counts, which has no vessels.
    """
    inner = ndimage.binary_erosion(lungs > 0, iterations=2)
    rough = volume.array - (np.roll(volume.array, 1, 0) + np.roll(volume.array, -1, 0)) / 2
    coarse = ndimage.uniform_filter(np.abs(rough), 5)[inner]
    return float(1.4826 * np.median(np.abs(rough[inner][coarse <= np.median(coarse)])) / np.sqrt(1.5))


def cluster_exponent(volume: Volume, lungs: np.ndarray) -> float:
    """Returns D, the exponent of the sizes of low-attenuation clusters (Mishima et al., PNAS 1999); NaN below 20.

    The number of clusters of at least s voxels falls as s^-D; clusters are sets of voxels below -950 HU that touch
    by faces. D is the maximum-likelihood exponent of a power law from 2 voxels on (Clauset et al., SIAM Review 2009).
    """
    labels, count = ndimage.label((volume.array < LOW_ATTENUATION) & (lungs > 0))
    sizes = np.bincount(labels.ravel())[1:] if count else np.empty(0)
    sizes = sizes[sizes >= 2]
    return float(len(sizes) / np.log(sizes / 1.5).sum()) if len(sizes) >= 20 else float("nan")


def lobe_shares(truth: dict[str, np.ndarray]) -> dict[str, float]:
    """Returns the share in % of the right lung and of each lobe of a phantom: ``share_right``, ``share_rul``, ..."""
    lungs = truth["lungs"]
    inside = lungs > 0
    lobes = np.bincount(truth["lobes"][inside], minlength=6)[1:6] / inside.sum()
    return {"share_right": 100 * float((lungs[inside] == 1).mean())} | {
        f"share_{name}": 100 * float(share) for name, share in zip(_LOBES, lobes, strict=True)
    }


def trachea_mm2(truth: dict[str, np.ndarray], spacing: float) -> float:
    """Returns the cross-section of a phantom's trachea in mm2: the median over slices high in the lungs."""
    slices = np.flatnonzero((truth["lungs"] > 0).any(axis=(0, 1)))
    upper = slices[int(0.88 * len(slices)) : int(0.97 * len(slices))]
    centre = ndimage.binary_erosion(truth["lungs"][..., upper] == 0)
    return float(np.median((truth["airways"][..., upper] & centre).sum(axis=(0, 1)))) * spacing**2


def measure_phantom(image: str, lungs: str, truth: str) -> dict[str, float]:
    """Returns all measures of one phantom of a run, given its scan, the found lungs and its truth (files)."""
    mask, affine = load_mask(lungs)
    volume, known = load_volume(image, spacing=float(affine[0, 0])), load_truth(truth)
    densities = densitometry(volume, mask)
    volume_l = densities.pop("lung_volume_l")  # the table names a lung volume of its own
    return {
        **densities,
        "volume_l": volume_l,
        "noise_hu": noise_hu(volume, mask),
        "cluster_exponent": cluster_exponent(volume, mask),
        "trachea_mm2": trachea_mm2(known, volume.spacing[0]),
        **lobe_shares(known),
        **disease_shares(known),
    }
