"""The steps of `subject` for a cohort or a part of it, over processes: what stages 02, 04 and 05 do.

`workers` is the number of processes, 0 means one per core.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.quality.overview import accepted_subjects
from drasclr_core.anatomy.subject import align, cut_patches, find_lungs
from drasclr_core.cohort.subjects import image_path
from drasclr_core.progress import for_each
from drasclr_core.run import Run


def segment_cohort(
    run: Run, subjects: pd.DataFrame, spacing: float, lungmask_weights: str | Path = "", workers: int = 0
) -> None:
    """Finds the lungs of `subjects` (rows of the subject table) and judges their scans, each by `find_lungs`."""
    step = partial(find_lungs, anatomy_folder=run.anatomy_folder, spacing=spacing, lungmask_weights=lungmask_weights)
    for_each(step, _scans(run, subjects), "lungs", workers)


def align_cohort(run: Run, sids: Iterable[str], mode: str = "fast", seed: int = 0, workers: int = 0) -> None:
    """Aligns subjects with the run's atlas, each by `align`."""
    where = {"anatomy_folder": run.anatomy_folder, "atlas_folder": run.atlas, "variant": run.variant}
    step = partial(align, **where, mode=mode, seed=seed)
    for_each(step, list(sids), "registration", workers)


def cut_cohort(run: Run, subjects: pd.DataFrame, spacing: float, size: int, workers: int = 0) -> pd.DataFrame:
    """Cuts the patches of the accepted among `subjects`, each by `cut_patches`, into the store of all accepted ones.

    Patches are cubes of `size` voxels of `spacing` mm, context included. Returns what `cut_patches` does, a row each.
    """
    accepted = list(accepted_subjects(run)["sid"])
    PatchStore.create(run.patches, accepted, len(Atlas.load(run.atlas).corners), size, spacing)
    step = partial(cut_patches, anatomy_folder=run.anatomy_folder, store=run.patches, variant=run.variant)
    cut = for_each(step, _scans(run, subjects[subjects["sid"].isin(accepted)]), "patches", workers)
    return pd.DataFrame(cut, columns=["sid", "padded"]).astype({"padded": int})


def _scans(run: Run, subjects: pd.DataFrame) -> list[tuple[str, str]]:
    return [(sid, str(image_path(run, image))) for sid, image in zip(subjects["sid"], subjects["image"], strict=True)]
