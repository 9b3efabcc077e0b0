"""Stage 06 as notebook and command run it: from a run folder and one set of parameters to a pretrained encoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.anatomy.volumes.store import VolumeStore, WholeLungs
from drasclr_core.methods.registry import method_class
from drasclr_core.pretrain.budget import PACE, within
from drasclr_core.pretrain.cache import cached, reading_threads
from drasclr_core.pretrain.loop import pretrain
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.probe import read_labels
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.run import Run


class PretrainingStage(NamedTuple):
    """What a pretraining starts from.

    Attributes
    ----------
    store : PatchStore or VolumeStore
        As the method sees patches or volumes.
    atlas : Atlas or WholeLungs
    method : type of Method
    settings : TrainingSettings
    folder : Path
        Where the encoder goes.
    labels : DataFrame or None
        For the online probe.
    minutes : float
        Of the training, whose steps then follow from them (see `budget.within`); 0 for the steps of the settings.
    """

    store: PatchStore | VolumeStore
    atlas: Atlas | WholeLungs
    method: type[Method]
    settings: TrainingSettings
    folder: Path
    labels: pd.DataFrame | None
    minutes: float = 0.0

    @classmethod
    def of(cls, run: Run, parameters: Mapping) -> PretrainingStage:
        """Opens what the method sees, makes the settings, and what the method needs besides (`Method.prepare`).

        Parameters
        ----------
        run : Run
        parameters : mapping
            Those of notebook 06: ``method``, ``variant_of``, ``probe_labels``, ``minutes``, ``settings`` and the
            settings by name. Other names are ignored.

        Raises
        ------
        FileNotFoundError
            Some subjects have no patches yet, or no lungs.
        ValueError
            An unknown method or setting, patches of another atlas, or a cohort that lacks what the method needs.
        """
        method = method_class(parameters.get("variant_of") or parameters["method"])
        if method.sees == "volumes":
            size = method.configure(1, 1.0, parameters).cube
            store, atlas = open_volumes(run, size)
        else:
            store, atlas = open_patches(run)
            size = round(atlas.patch_size * atlas.spacing / store.spacing)
        settings = method.within(run, method.configure(size, store.spacing, parameters))
        method.prepare(store, settings)
        labels = read_labels(run.subjects, store.sids, parameters.get("probe_labels", ""))
        folder, minutes = run.pretrain(parameters["method"]), parameters.get("minutes", 0.0)
        return cls(store, atlas, method, settings, folder, labels, minutes)

    def run(self) -> pd.DataFrame:
        """Pretrains, or finds the run finished, and returns its log (see `pretrain`)."""
        if not self.minutes:
            (self.folder / PACE).unlink(missing_ok=True)  # of an earlier training, whose minutes this one was not given
            return pretrain(self.store, self.atlas, self.folder, self.method, self.settings, self.labels)
        measured = (self.folder / PACE).exists()  # else patches are read for the pace already
        store = self.store if measured else cached(self.store, self.settings.cache_gb)
        what = (store, self.atlas, self.folder, self.method)
        return pretrain(*what, within(self.minutes, *what, self.settings), self.labels)


def open_patches(run: Run) -> tuple[PatchStore, Atlas]:
    """Returns the patches of a cohort, all of them there, and the atlas that they were cut by.

    Raises
    ------
    FileNotFoundError
        Some subjects have no patches yet.
    ValueError
        The patches are of another atlas.
    """
    store, atlas = PatchStore.open(run.patches, reading_threads()), Atlas.load(run.atlas)
    if store.missing():
        raise FileNotFoundError(f"{len(store.missing())} subjects have no patches yet: run notebook 05_patches.")
    if store.num_landmarks != len(atlas.locations):
        raise ValueError("Patches and atlas have different landmarks: run notebook 05_patches again.")
    return store, atlas


def open_volumes(run: Run, size: int) -> tuple[VolumeStore, WholeLungs]:
    """Returns a cohort's whole lungs as cubes of `size` voxels a side, and what stands for the atlas."""
    store = VolumeStore.of(run, size)
    return store, store.place
