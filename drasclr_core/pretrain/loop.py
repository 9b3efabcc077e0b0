"""The pretraining loop (paper Section 3): one landmark per step, resumable bit for bit on the CPU."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning.fabric import Fabric
from torch import Tensor

from drasclr_core.model import ConditionalMemoryBank, DrasCLR, Encoder, ProjectionHead
from drasclr_core.model.drasclr import Contrast
from drasclr_core.model.losses import alignment, contrast_loss, uniformity
from drasclr_core.pretrain.cache import cached
from drasclr_core.pretrain.config import PretrainConfig
from drasclr_core.pretrain.resume import describe, load_state, run_key, save_state, write_log
from drasclr_core.pretrain.sampling import Batch, LandmarkSampler, prefetch
from drasclr_core.pretrain.statistics import estimate_statistics
from drasclr_core.pretrain.views import draw_views, step_generator
from drasclr_core.progress import track
from drasclr_core.run import read_json


def pretrain(store, atlas, out_dir: str | Path, config: PretrainConfig, resume: bool = True) -> pd.DataFrame:
    """Pretrain an encoder on the patches of a cohort.

    Writes ``encoder.safetensors``, ``encoder.json`` and ``log.csv``, and while it runs ``resume/state.pt``. A run that
    was killed goes on from its newest state and a finished one is not repeated, unless settings, subjects or patches
    have changed.

    Parameters
    ----------
    store : PatchStore
        int16 HU patches of at least ``config.augmentation.size`` voxels per side.
    atlas : Atlas
        Gives ``locations`` [L, 3], ``centres`` [L, 3] and ``neighbors(R)`` [L, R].
    out_dir : path
    config : PretrainConfig
    resume : bool
        False begins again.

    Returns
    -------
    DataFrame
        The log, one row per `log_every` steps: means since the row before of the two losses, the number of negatives
        per query, the contrast accuracy (how often the key is the most similar), alignment and uniformity; then lr and
        the seconds since the run began. Guessing has the loss ln(1 + negatives).
    """
    out_dir = Path(out_dir)
    key = run_key(store, atlas, config)
    if resume and read_json(out_dir / "encoder.json").get("key") == key:
        return pd.read_csv(out_dir / "log.csv")
    if config.threads:
        torch.set_num_threads(config.threads)
    fabric = Fabric(accelerator=config.accelerator, devices=1, precision=config.precision)
    model = build_model(atlas.locations, config)
    optimizer = torch.optim.SGD(model.query.parameters(), config.lr, config.momentum,
                                weight_decay=config.weight_decay, fused=True)  # fmt: skip
    network, optimizer = fabric.setup(model, optimizer)
    store = cached(store, config.cache_gb)
    state_path = out_dir / "resume" / "state.pt"
    state = load_state(state_path, key, fabric.device) if resume else None
    if state is None:
        state = {"key": key, "done": 0, "rows": [], "seconds": 0.0}
    else:
        model.load_state_dict(state.pop("model"))
        optimizer.load_state_dict(state.pop("optimizer"))

    sampler = LandmarkSampler(len(atlas.locations), len(store.sids), config.batch_size, config.visit, config.seed)
    neighbors = np.asarray(atlas.neighbors(config.neighbors)) if config.neighbors else None
    steps = _steps(sampler, config.epochs, state["done"])
    batches = prefetch(steps, lambda step: (*step, *_read(store, step[1], neighbors)))
    progress = track(batches, "Pretraining", total=config.epochs * len(sampler) - state["done"])
    begin, last_save = time.monotonic() - state["seconds"], time.monotonic()
    sums = count = 0
    model.train()
    for step, batch, patches, around in progress:
        epoch, step_in_epoch = divmod(step, len(sampler))
        lr = cosine_rate(config.lr, epoch, config.epochs)
        for group in optimizer.param_groups:
            group["lr"] = lr
        generator = step_generator(config.seed, epoch, step_in_epoch, fabric.device)
        views = draw_views(config.augmentation, patches, around, generator)
        order = torch.randperm(len(patches), generator=generator, device=fabric.device)
        subjects = torch.from_numpy(batch.subjects).to(fabric.device)
        around_landmarks = None if neighbors is None else neighbors[batch.landmark].tolist()
        contrast = network(batch.landmark, *views[:2], subjects, views[2], around_landmarks, order)
        local, neighbor = losses(contrast)
        optimizer.zero_grad()
        fabric.backward(local + config.beta * neighbor)
        optimizer.step()
        sums, count = sums + measure(contrast, local, neighbor), count + 1

        if count == config.log_every or step_in_epoch + 1 == len(sampler):
            means = (sums / count).tolist()  # the only synchronisation with a GPU
            state |= {"done": step + 1, "seconds": time.monotonic() - begin}
            state["rows"].append([epoch, step + 1, *means, lr, state["seconds"]])
            progress.set_postfix(loss=f"{means[0] + config.beta * means[1]:.2f}", refresh=False)
            sums = count = 0
            if time.monotonic() - last_save >= config.save_every_s:
                save_state(state_path, state, model, optimizer)
                write_log(out_dir, state["rows"])
                last_save = time.monotonic()

    encoder, size = model.query.encoder, config.augmentation.size
    estimate_statistics(encoder, store, model.locations, size, config.seed)
    log = write_log(out_dir, state["rows"])
    encoder.save_pretrained(out_dir, key=key, **describe(atlas, store, config))
    shutil.rmtree(state_path.parent, ignore_errors=True)
    return log


def build_model(locations: np.ndarray, config: PretrainConfig) -> DrasCLR:
    """The untrained model; its weights follow from ``config.seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        encoder = Encoder(config.rep_dim, config.num_experts)
        head = ProjectionHead(config.rep_dim, config.dim)
        bank = ConditionalMemoryBank(len(locations), config.bank_size, config.dim, config.max_key_age)
    return DrasCLR(torch.as_tensor(locations, dtype=torch.float32), encoder, head, bank, config.temperature,
                   config.key_momentum, config.key_splits, config.fresh_negatives)  # fmt: skip


def cosine_rate(lr: float, epoch: int, epochs: int) -> float:
    """Learning rate of an epoch, counted from 0: a cosine from `lr` towards 0."""
    return lr * (1 + math.cos(math.pi * epoch / epochs)) / 2


def losses(contrast: Contrast) -> tuple[Tensor, Tensor]:
    """Local and neighbouring loss of a step (Eq. 6 and 8); the second is 0 without neighbours."""
    local = contrast_loss(contrast.local)
    return local, torch.zeros_like(local) if contrast.neighbor is None else contrast_loss(contrast.neighbor)


@torch.no_grad()
def measure(contrast: Contrast, local: Tensor, neighbor: Tensor) -> Tensor:
    """The measures of a step that are logged: see `COLUMNS`."""
    accuracy = (contrast.local.argmax(dim=1) == 0).float().mean()
    spread = alignment(contrast.query, contrast.key), uniformity(contrast.query)
    negatives = contrast.local.isfinite().sum(dim=1).float().mean() - 1
    return torch.stack([local, neighbor, negatives, accuracy, *spread])


def _steps(sampler: LandmarkSampler, epochs: int, done: int) -> Iterator[tuple[int, Batch]]:
    """The remaining steps (number, batch) of all epochs."""
    first_epoch, start = divmod(done, len(sampler))
    for epoch in range(first_epoch, epochs):
        skip = start if epoch == first_epoch else 0
        yield from enumerate(sampler.epoch(epoch, skip), start=epoch * len(sampler) + skip)


def _read(store, batch: Batch, neighbors: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    patches = store.read(batch.landmark, batch.subjects)
    if neighbors is None:
        return patches, None
    return patches, np.stack([store.read(int(near), batch.subjects) for near in neighbors[batch.landmark]], axis=1)
