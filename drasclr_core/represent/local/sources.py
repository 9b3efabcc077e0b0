"""What a patch is told by: the features of encoders, and densities, which have learnt nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import zarr

from drasclr_core.represent.local.measures import LocalMeasures
from drasclr_core.run import Run

HISTOGRAM, PATCH_LAA = "patch_histogram", "patch_laa"
"""Controls: the densities of the patch's lung in 32 bins, and the one number LAA-950."""


def patch_sources(
    run: Run, sids: Sequence[str], measures: LocalMeasures, methods: Sequence[str]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns what each patch is told by, and why some encoders are missing.

    Parameters
    ----------
    run : Run
    sids : sequence of str
        The subjects, in the order that the result has.
    measures : LocalMeasures
        Of the same subjects.
    methods : sequence of str
        Folders under ``features``.

    Returns
    -------
    sources : dict of float32 [S, L, C]
        Method -> features; then `HISTOGRAM` and `PATCH_LAA`, 0 where a patch is not known.
    left_out : dict of str to str
        Method -> why.
    """
    sources, left_out = {}, {}
    for method in methods:
        path = run.features(method) / "patch.zarr"
        if not path.exists():
            left_out[method] = (
                f"features/{method} are of whole images, not of patches" if path.with_name("image.parquet").exists()
                else f"there is no features/{method}/patch.zarr: run notebook 07_features"
            )  # fmt: skip
            continue
        array = zarr.open_array(path, mode="r")
        rows = {sid: row for row, sid in enumerate(array.attrs["sids"])}
        if not rows.keys() >= set(sids) or array.shape[1] != measures.lung.shape[1]:
            left_out[method] = f"features/{method} has other subjects or landmarks: run notebook 07_features again"
            continue
        sources[method] = array.oindex[[rows[sid] for sid in sids]]
    known = measures.known[..., None]
    sources[HISTOGRAM] = np.where(known, measures.histogram, 0)
    sources[PATCH_LAA] = np.where(known, measures.laa950[..., None], 0)
    return sources, left_out
