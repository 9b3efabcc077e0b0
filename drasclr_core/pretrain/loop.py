"""The pretraining loop (paper Section 3): one landmark per step, resumable bit for bit on the CPU."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from drasclr_core.pretrain.cache import cached
from drasclr_core.pretrain.config import PretrainConfig
from drasclr_core.pretrain.log import Log
from drasclr_core.pretrain.metrics import MEASURES, cosine_rate, losses, measure
from drasclr_core.pretrain.probe import probe
from drasclr_core.pretrain.resume import encoder_description, load_state, run_key, save_state
from drasclr_core.pretrain.sampling import Batch, LandmarkSampler, prefetch
from drasclr_core.pretrain.setup import build_model, build_optimizer, start_processes
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.statistics import estimate_statistics
from drasclr_core.pretrain.views import Patches, draw_views, read_patches, step_generator
from drasclr_core.progress import track
from drasclr_core.run import read_json


def pretrain(store, atlas, out_dir: str | Path, config: PretrainConfig, labels: pd.DataFrame | None = None,
             resume: bool = True) -> pd.DataFrame:  # fmt: skip
    """Pretrain an encoder on the patches of a cohort.

    Writes the encoder (``model.safetensors``, ``config.json``, see `Encoder.save_pretrained`), ``log.csv``,
    ``probe.csv`` and ``tensorboard/``, and while it runs ``resume/state.pt``. A run that was killed goes on from its
    newest state and a finished one is not repeated, unless settings, subjects or patches have changed.

    Parameters
    ----------
    store : PatchStore
        int16 HU patches of at least ``config.augmentation.size`` voxels per side.
    atlas : Atlas
        Gives ``locations`` [L, 3], ``centres`` [L, 3], ``box`` [2, 3] and ``neighbors(R)`` [L, R].
    out_dir : path
    config : PretrainConfig
    labels : DataFrame, optional
        Numbers for the online linear probe, one row per subject in the store's order. For reporting only.
    resume : bool
        False begins again.

    Returns
    -------
    DataFrame
        The log, one row per `log_every` steps: means since the row before of the two losses, the number of negatives
        per query, the contrast accuracy (how often the key is the most similar), alignment and uniformity; then lr and
        the seconds since the run began. Guessing has the loss ln(1 + negatives).
    """
    out_dir, key = Path(out_dir), run_key(store, atlas, config)
    if resume and read_json(out_dir / "config.json").get("key") == key:
        return pd.read_csv(out_dir / "log.csv")
    fabric = start_processes(config)
    model = build_model(atlas.locations, config)
    network, optimizer = fabric.setup(model, build_optimizer(model, config))
    state_path = out_dir / "resume" / "state.pt"
    state = load_state(state_path, key, fabric.device) if resume else None
    if state is None:
        state = {"done": 0, "rows": [], "probes": [], "seconds": 0.0}
    else:
        model.load_state_dict(state.pop("model"))
        optimizer.load_state_dict(state.pop("optimizer"))

    store = cached(store, config.cache_gb)
    sampler = LandmarkSampler(len(atlas.locations), len(store.sids), config.batch_size, config.visit, config.seed,
                              processes=fabric.world_size)  # fmt: skip
    neighbors = np.asarray(atlas.neighbors(config.neighbors)).tolist() if config.neighbors else None
    steps = _steps(sampler, config, fabric.global_rank, state["done"])
    batches = prefetch(steps, lambda step: (step, read_patches(store, step.batch, step.near(neighbors), step.share)))
    left = config.epochs * len(sampler) - state["done"]
    progress = track(batches, "Pretraining", total=left, shown=fabric.is_global_zero)
    log = Log(out_dir, state["rows"], state["probes"]) if fabric.is_global_zero else None
    begin, last_save = time.monotonic() - state["seconds"], time.monotonic()
    sums, count = torch.zeros(len(MEASURES), device=fabric.device), 0
    scored = labels is not None and config.probe_every and fabric.is_global_zero
    if scored and not state["done"]:  # what an untrained encoder shows
        log.add_probe(0, 0, probe(model.query.encoder, store, model.locations, config.augmentation.size, labels))

    for step, patches in progress:
        lr = cosine_rate(config.lr, step.epoch, config.epochs)
        for group in optimizer.param_groups:
            group["lr"] = lr
        contrast = _contrast(network, step, patches, neighbors, config, fabric.device)
        local, neighbor = losses(contrast)
        weight = step.share.weight * fabric.world_size  # gradients are averaged over processes with equal weights
        optimizer.zero_grad()
        fabric.backward((local + config.beta * neighbor) * weight)
        optimizer.step()
        sums, count = sums + measure(contrast, local, neighbor) * step.share.weight, count + 1

        epoch_ends = step.index + 1 == len(sampler)
        if count == config.log_every or epoch_ends:
            means = (fabric.all_reduce(sums, reduce_op="sum") / count).tolist()  # the only synchronisation with a GPU
            sums, count = torch.zeros_like(sums), 0
            if not fabric.is_global_zero:
                continue
            state |= {"done": step.number + 1, "seconds": time.monotonic() - begin}
            log.add(step.epoch, step.number + 1, means, lr, state["seconds"])
            progress.set_postfix(loss=f"{means[0] + config.beta * means[1]:.2f}", refresh=False)
            if scored and epoch_ends and (step.epoch + 1) % config.probe_every == 0:
                scores = probe(model.query.encoder, store, model.locations, config.augmentation.size, labels)
                log.add_probe(step.epoch + 1, step.number + 1, scores)
            if time.monotonic() - last_save >= config.save_every_s:
                save_state(state_path, key, model=model.state_dict(), optimizer=optimizer.state_dict(), **state)
                log.write()
                last_save = time.monotonic()

    if fabric.is_global_zero:
        encoder = model.query.encoder
        estimate_statistics(encoder, store, model.locations, config.augmentation.size, config.seed)
        log.close()
        encoder.description = {"key": key, **encoder_description(atlas, store, config, fabric.world_size)}
        encoder.save_pretrained(out_dir)
        shutil.rmtree(state_path.parent, ignore_errors=True)
    fabric.barrier()
    return pd.read_csv(out_dir / "log.csv")


class Step(NamedTuple):
    """One step: its number in the run and in its epoch, its batch, and this process's share of it."""

    number: int
    epoch: int
    index: int
    batch: Batch
    share: BatchShard

    def near(self, neighbors: list[list[int]] | None) -> list[int] | None:
        """The neighbours of the step's landmark."""
        return None if neighbors is None else neighbors[self.batch.landmark]


def _steps(sampler: LandmarkSampler, config: PretrainConfig, rank: int, done: int) -> Iterator[Step]:
    """The remaining steps of all epochs."""
    first_epoch, start = divmod(done, len(sampler))
    for epoch in range(first_epoch, config.epochs):
        skip = start if epoch == first_epoch else 0
        for index, batch in enumerate(sampler.epoch(epoch, skip), start=skip):
            order = np.random.default_rng([config.seed, epoch, index, 0]).permutation(len(batch.subjects))
            share = BatchShard.of(len(order), rank, sampler.processes, config.key_splits, order)
            yield Step(epoch * len(sampler) + index, epoch, index, batch, share)


def _contrast(network, step: Step, patches: Patches, neighbors, config: PretrainConfig, device: torch.device):
    """Draw the step's views and embed them."""
    generator = step_generator(config.seed, step.epoch, step.index, device)
    query, key, around = draw_views(config.augmentation, patches, generator, step.share)
    subjects = torch.from_numpy(step.batch.subjects).to(device)
    return network(step.batch.landmark, query, key, subjects, around, step.near(neighbors), step.share)
