"""Vectors of subjects by Subject2Vec, trained with the spirometry of some of them: the training subjects of a fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import load_file, save_file

from drasclr_core.anatomy import Atlas, PatchStore
from drasclr_core.evaluate.supervised.subject2vec import (
    Subject2Vec,
    Subject2VecSettings,
    loss_terms,
    subject2vec_loss,
)
from drasclr_core.evaluate.supervised.volume_model import on_device
from drasclr_core.evaluate.tasks import PHENOTYPES, labels_of
from drasclr_core.files import atomic
from drasclr_core.model.inputs import center_views
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import track
from drasclr_core.run import Run

VERSION = 1
"""Raise when training changes, or what is kept of it, so that vectors of an older version are made anew."""
TARGETS = tuple(task for task in PHENOTYPES if task.classes is None)
"""What supervises the vectors: the logarithms of FEV1pp and FEV1/FVC."""
MIN_SUBJECTS = 10


@dataclass(frozen=True)
class SubjectVectors:
    """Called with training subjects, it gives the vectors of all subjects, by a network that those alone have trained.

    Parameters
    ----------
    store : PatchStore
    size : int
        Edge of the middle of a patch that the network sees, in voxels.
    targets : DataFrame
        Logarithms, indexed by sid, a column for each target. Subjects without a row are described and train nothing.
    settings : Subject2VecSettings
    folder : path
        Keeps the vectors of every training under a name that says by whom and with what it was trained: what was
        finished before a run was killed, or for another table, is not trained again.
    """

    store: PatchStore
    size: int
    targets: pd.DataFrame
    settings: Subject2VecSettings
    folder: Path

    @classmethod
    def of(cls, run: Run, subjects: pd.DataFrame, settings: Subject2VecSettings) -> SubjectVectors:
        """Takes patches and atlas of a `run` and the spirometry of its `subjects` (rows of the subject table).

        Raises
        ------
        FileNotFoundError
            There are no patches, or no atlas.
        KeyError
            The subject table has no spirometry.
        ValueError
            Too few subjects have both patches and spirometry.
        """
        store, atlas = PatchStore.open(run.patches), Atlas.load(run.atlas)
        targets = pd.concat({task.name: labels_of(subjects, task) for task in TARGETS}, axis=1).dropna()
        size = round(atlas.patch_size * atlas.spacing / store.spacing)
        made = cls(store, size, targets, settings, run.cohort / "supervised" / "subject2vec")
        if len(targets.index.intersection(made.sids)) < MIN_SUBJECTS:
            raise ValueError(f"fewer than {MIN_SUBJECTS} subjects have patches and both {' and '.join(targets)}")
        return made

    @cached_property
    def sids(self) -> list[str]:
        """The subjects that have patches, and so a vector."""
        missing = set(self.store.missing())
        return [sid for sid in self.store.sids if sid not in missing]

    def __call__(self, training: Sequence[str]) -> pd.DataFrame:
        """Returns the vectors of all `sids`, indexed by them; only spirometry of the `training` subjects is read.

        Raises
        ------
        ValueError
            Fewer than two of the training subjects have patches and spirometry.
        """
        known = self.targets.index.intersection(training, sort=False)
        own = self.targets.loc[sorted(known.intersection(self.sids))]
        if len(own) < 2:
            raise ValueError("Subject2Vec: fewer than two training subjects have patches and spirometry")
        inputs = {"sids": list(own.index), "targets": own.to_numpy(), "patches": self.store.contents()}
        key = fingerprint(version=VERSION, size=self.size, settings=asdict(self.settings), **inputs)
        file = Path(self.folder) / f"{key}.safetensors"

        def make() -> dict:
            network, losses = train(self.store, self.size, own, self.settings)
            vectors = describe(network, self.store, self.size, self.sids, self.settings)
            with atomic(file) as temporary:
                save_file({"vectors": vectors}, temporary)
            return {"sids": self.sids, "losses": losses}

        facts = kept(self.folder, key, key, make, [file])
        return pd.DataFrame(load_file(file)["vectors"].astype(float), index=facts["sids"])


def train(
    store: PatchStore, size: int, targets: pd.DataFrame, settings: Subject2VecSettings
) -> tuple[Subject2Vec, list[float]]:
    """Returns a network trained on the subjects that have a row in `targets`, and the mean loss of every epoch.

    `store, size, targets, settings` are as in `SubjectVectors`. On a CPU the same seed gives the same network.
    """
    rng = np.random.default_rng(settings.seed)
    mean, sd = targets.mean(), targets.std(ddof=0).replace(0.0, 1.0)
    wanted = torch.from_numpy(((targets - mean) / sd).to_numpy()).float()
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network, device = on_device(Subject2Vec(targets.shape[1], settings.dropout).train())
        optimizer = torch.optim.Adam(network.parameters(), settings.lr, fused=True)
        batches = -(-len(targets) // settings.batch_size)
        for _ in track(range(settings.epochs), f"Subject2Vec, {len(targets)} subjects"):
            total = 0.0
            for rows in np.array_split(rng.permutation(len(targets)), batches):
                patches = random_sets(store, targets.index[rows], size, settings, rng).to(device)
                terms = loss_terms(network(patches), wanted[rows].to(device), patches)
                loss = subject2vec_loss(terms, settings)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += len(rows) * float(loss.detach())
            losses.append(total / len(targets))
        pool_statistics(network, store, size, targets.index, settings, rng)
    return network, losses


@torch.no_grad()
def pool_statistics(
    network: Subject2Vec,
    store: PatchStore,
    size: int,
    sids: Sequence[str],
    settings: Subject2VecSettings,
    rng: np.random.Generator,
) -> None:
    """Sets the statistics of a network's batch norm to the mean over a random set of each subject, drawn by `rng`.

    `network, store, size, sids, settings` are as in `describe`.
    """
    device = next(network.parameters()).device
    for norm in (module for module in network.modules() if isinstance(module, torch.nn.BatchNorm3d)):
        norm.reset_running_stats()
        norm.momentum = None
    for rows in np.array_split(np.arange(len(sids)), -(-len(sids) // settings.batch_size)):
        network.train().vector(random_sets(store, [sids[row] for row in rows], size, settings, rng).to(device))


@torch.inference_mode()
def describe(
    network: Subject2Vec, store: PatchStore, size: int, sids: Sequence[str], settings: Subject2VecSettings
) -> np.ndarray:
    """Returns the vectors of subjects, float32 [N, 128]: the mean over sets that hold all landmarks that are used.

    The sets are the same for all `sids`; `network, store, size, settings` are as in `train`.
    """
    sets = landmark_sets(store.num_landmarks, settings, np.random.default_rng(settings.seed))
    network, device = on_device(network.eval())
    vectors = []
    for sid in track(sids, "vectors of subjects"):
        parts = [network.vector(read_set(store, sid, landmarks, size)[None].to(device)) for landmarks in sets]
        vectors.append(torch.cat(parts).mean(dim=0).cpu().numpy())
    return np.stack(vectors)


def landmark_sets(landmarks: int, settings: Subject2VecSettings, rng: np.random.Generator) -> list[np.ndarray]:
    """Returns disjoint sets, drawn by `rng`, that together hold those of an atlas's `landmarks` that are used.

    Which are used, and how many are in a set, say the `settings`.
    """
    used = np.random.default_rng(settings.seed).permutation(landmarks)[: settings.landmarks or landmarks]
    return np.array_split(rng.permutation(used), max(1, len(used) // (settings.patches or len(used))))


def random_sets(
    store: PatchStore, sids: Sequence[str], size: int, settings: Subject2VecSettings, rng: np.random.Generator
) -> torch.Tensor:
    """Returns one set of patches for each of `sids`, float32 [S, n, size, size, size] in [0, 1], drawn by `rng`.

    `store, size, settings` are as in `SubjectVectors`.
    """
    drawn = [landmark_sets(store.num_landmarks, settings, rng)[0] for _ in sids]
    return torch.stack([read_set(store, sid, landmarks, size) for sid, landmarks in zip(sids, drawn, strict=True)])


def read_set(store: PatchStore, sid: str, landmarks: np.ndarray, size: int) -> torch.Tensor:
    """Returns patches of subject `sid` of a `store` at some `landmarks`, float32 [n, size, size, size] in [0, 1]."""
    row = [store.sids.index(sid)]
    patches = np.concatenate([store.read(int(landmark), row) for landmark in landmarks])
    return (center_views(torch.from_numpy(patches), size) + 1) / 2
