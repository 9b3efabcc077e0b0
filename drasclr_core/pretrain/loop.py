"""The pretraining loop, the same for every method (paper Section 3); resumable bit for bit on the CPU."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from drasclr_core.files import read_json
from drasclr_core.pretrain.cache import cached
from drasclr_core.pretrain.log import Log
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.probe import probe
from drasclr_core.pretrain.resume import encoder_description, load_state, run_key, save_state
from drasclr_core.pretrain.sampling import prefetch
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.setup import build_method, start_processes
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import step_generator
from drasclr_core.progress import track


def pretrain(store, atlas, out_dir: str | Path, method: type[Method], settings: TrainingSettings,
             labels: pd.DataFrame | None = None) -> pd.DataFrame:  # fmt: skip
    """Pretrains an encoder on the patches of a cohort.

    Writes the encoder (``model.safetensors``, ``config.json``, see `PatchEncoder.save_pretrained`), ``log.csv``,
    ``probe.csv`` and ``tensorboard/``, and while it runs ``resume/state.pt``. A run that was killed goes on from its
    newest state and a finished one is not repeated, unless method, settings, subjects or patches have changed.

    Parameters
    ----------
    store : PatchStore
        int16 HU patches of at least ``settings.augmentation.size`` voxels per side.
    atlas : Atlas
        Gives ``locations`` [L, 3], ``centres`` [L, 3], ``box`` [2, 3] and ``neighbors(R)`` [L, R].
    out_dir : path
    method : type of Method
    settings : TrainingSettings
        Of the method.
    labels : DataFrame, optional
        Numbers for the online linear probe, one row per subject in the store's order. For reporting only.

    Returns
    -------
    DataFrame
        The log, one row per `log_every` steps: ``epoch, step``, means of the method's metrics since the row before,
        ``lr``, and ``seconds`` since the run began.
    """
    out_dir, key = Path(out_dir), run_key(store, atlas, method.name, settings)
    if read_json(out_dir / "config.json").get("key") == key:
        return pd.read_csv(out_dir / "log.csv")
    fabric = start_processes(settings)
    if fabric.is_global_zero:  # what a training with other settings left does not pass for the end of this one
        for name in ("config.json", "probe.csv"):
            (out_dir / name).unlink(missing_ok=True)
    model = build_method(method, settings, atlas)
    network, optimizer = fabric.setup(model, model.optimizer())
    rates = [group["lr"] for group in optimizer.param_groups]
    state_path = out_dir / "resume" / "state.pt"
    state = load_state(state_path, key, fabric.device)
    if state is None:
        state = {"done": 0, "rows": [], "probes": [], "seconds": 0.0}
    else:
        model.load_state_dict(state.pop("model"))
        optimizer.load_state_dict(state.pop("optimizer"))

    store = cached(store, settings.cache_gb)
    model.look(store)
    sampler = model.sampler(len(store.sids), fabric.world_size)
    steps = _steps(sampler, model, fabric.global_rank, fabric.world_size, state["done"])
    every = sum(map(sampler.steps, range(settings.epochs)))
    total = min(every, settings.most_steps or every)
    batches = prefetch(
        islice(steps, total - state["done"]), lambda step: (step, model.read(store, step.batch, step.shard))
    )
    progress = track(batches, "Pretraining", total=total - state["done"], shown=fabric.is_global_zero)
    log = Log(out_dir, model.metrics, state["rows"], state["probes"]) if fabric.is_global_zero else None
    begin, last_save = time.monotonic() - state["seconds"], time.monotonic()
    sums, count = torch.zeros(1 + len(model.metrics), device=fabric.device), 0
    scored = labels is not None and settings.probe_every and fabric.is_global_zero

    def look(epochs: int, done: int) -> None:
        scores = probe(model.encoder, store, model.locations, settings.augmentation.size, labels)
        log.add_probe(epochs, done, scores)

    if scored and not state["done"]:  # what an untrained encoder shows
        look(0, 0)
    for step, patches in progress:
        model.done = step.number / total
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            if group.get("scheduled", True):
                group["lr"] = rate * model.rate(step.epoch, model.done)
        generator = step_generator(settings.seed, step.epoch, step.index, fabric.device)
        loss, metrics = network(step.batch, model.views(patches, generator, step.shard), step.shard)
        optimizer.zero_grad()
        fabric.backward(loss * fabric.world_size)  # gradients are averaged over processes with equal weights
        optimizer.step()
        sums, count = sums + metrics * step.shard.weight, count + 1

        epoch_ends = step.last or step.number + 1 == total
        if count == settings.log_every or epoch_ends:
            means = (fabric.all_reduce(sums, reduce_op="sum") / count).tolist()  # the only synchronisation with a GPU
            sums, count = torch.zeros_like(sums), 0
            if not fabric.is_global_zero:
                continue
            state |= {"done": step.number + 1, "seconds": time.monotonic() - begin}
            log.add(step.epoch, state["done"], means[1:], optimizer.param_groups[0]["lr"], state["seconds"])
            progress.set_postfix(loss=f"{means[0]:.2f}", refresh=False)
            if scored and epoch_ends and (step.epoch + 1) % settings.probe_every == 0:
                look(step.epoch + 1, state["done"])
            if time.monotonic() - last_save >= settings.save_every_s:
                save_state(state_path, key, **state, model=model.state_dict(), optimizer=optimizer.state_dict())
                log.write()
                last_save = time.monotonic()

    if fabric.is_global_zero:
        model.finish(store)
        log.close()
        about = encoder_description(atlas, store, method, settings, fabric.world_size)
        model.encoder.description = {"key": key, **about, "patches_per_step": model.patches_per_step}
        model.encoder.save_pretrained(out_dir)
        shutil.rmtree(state_path.parent, ignore_errors=True)
    fabric.barrier()
    return pd.read_csv(out_dir / "log.csv")


class Step(NamedTuple):
    """One step: its number in the run, epoch, number there, whether it is the last, batch, and this process's part."""

    number: int
    epoch: int
    index: int
    last: bool
    batch: Any
    shard: BatchShard


def _steps(sampler, model: Method, rank: int, processes: int, done: int) -> Iterator[Step]:
    """The remaining steps of all epochs."""
    seed, first = model.settings.seed, 0  # the number of an epoch's first step
    for epoch in range(model.settings.epochs):
        skip, steps = max(0, done - first), sampler.steps(epoch)
        if skip < steps:
            for index, batch in enumerate(sampler.epoch(epoch, skip), start=skip):
                order = np.random.default_rng([seed, epoch, index, 0]).permutation(len(batch.subjects))
                shard = BatchShard.of(len(order), rank, processes, model.key_splits(), order)
                yield Step(first + index, epoch, index, index + 1 == steps, batch, shard)
        first += steps
