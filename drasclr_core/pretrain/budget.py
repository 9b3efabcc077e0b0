"""As many steps as fit into so much time, so that methods whose steps cost differently are trained for equally long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import torch

from drasclr_core.files import read_json, write_json
from drasclr_core.pretrain.cache import cached
from drasclr_core.pretrain.method import Method
from drasclr_core.pretrain.resume import run_key
from drasclr_core.pretrain.settings import TrainingSettings
from drasclr_core.pretrain.setup import build_method, start_processes
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import step_generator

PACE = "pace.json"
TRIAL_STEPS = 20
"""Of the trial, whose median step is the pace of a training."""


def within(minutes: float, store, atlas, out_dir: str | Path, method: type[Method],
           settings: TrainingSettings) -> TrainingSettings:  # fmt: skip
    """Returns the settings with the steps, and epochs, that take so many minutes of this machine, left alone.

    The pace is measured once, on the first steps of a training that is then thrown away, and kept with the encoder as
    ``pace.json``: a training that was killed goes on with the same number of steps, and on another machine the file
    gives the same training. On one thread of a processor its own seconds are counted, else those of the clock. Leave
    the machine alone meanwhile: beside other computations a step took up to three times its seconds, by the
    processor's count too. What a training does besides its steps (reading patches, the probe, statistics of the
    normalisation at the end) comes on top.

    Parameters
    ----------
    minutes : float
        Above 0.
    store, atlas, out_dir, method, settings
        As `pretrain` takes them. ``epochs`` and ``most_steps`` are not asked.

    Raises
    ------
    ValueError
        For several processes, which would not agree.
    """
    if settings.devices * settings.nodes > 1:
        raise ValueError("minutes is for one process: with several, say most_steps (pace.json of a training by one "
                         "process has the seconds of a step).")  # fmt: skip
    settings, path = replace(settings, epochs=1, most_steps=0), Path(out_dir) / PACE
    key = run_key(store, atlas, method.name, settings)
    known = read_json(path)
    if (known.get("key"), known.get("minutes")) != (key, minutes):
        store = cached(store, settings.cache_gb)
        taken = list(step_seconds(method, store, atlas, settings, TRIAL_STEPS))
        pace = float(np.median(taken))
        known = {"key": key, "minutes": minutes, "seconds_per_step": round(pace, 6),
                 "most_steps": max(TRIAL_STEPS, round(60 * minutes / pace))}  # fmt: skip
        write_json(path, known)
    sampler, epochs, steps = build_method(method, settings, atlas).sampler(len(store.sids), 1), 0, 0
    while steps < known["most_steps"]:
        steps, epochs = steps + sampler.steps(epochs), epochs + 1
    return replace(settings, epochs=epochs, most_steps=known["most_steps"])


def step_seconds(method: type[Method], store, atlas, settings: TrainingSettings, steps: int,
                 clock: Callable[[], float] | None = None) -> Iterator[float]:  # fmt: skip
    """Yields the seconds of the first steps of a training, one after the other and read when needed.

    The first step, in which memory is taken and kernels are chosen, is left out.

    Parameters
    ----------
    store, atlas, method, settings
        As `pretrain` takes them.
    steps : int
    clock : callable, optional
        Gives seconds; by default those of the processor where one thread of it computes, else those of the clock.
    """
    fabric = start_processes(settings)
    if clock is None:
        alone = fabric.device.type == "cpu" and torch.get_num_threads() == 1
        clock = time.process_time if alone else time.perf_counter
    model = build_method(method, settings, atlas)
    network, optimizer = fabric.setup(model, model.optimizer())
    sampler = model.sampler(len(store.sids), 1)
    batches = ((epoch, index, batch) for epoch in count() for index, batch in enumerate(sampler.epoch(epoch)))
    for number, (epoch, index, batch) in enumerate(islice(batches, steps + 1)):
        began, model.done = clock(), number / (steps + 1)
        order = np.random.default_rng([settings.seed, epoch, index, 0]).permutation(len(batch.subjects))
        shard = BatchShard.of(len(order), 0, 1, model.key_splits(), order)
        patches = model.read(store, batch, shard)
        generator = step_generator(settings.seed, epoch, index, fabric.device)
        loss, metrics = network(batch, model.views(patches, generator, shard), shard)
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
        metrics.tolist()  # waits for a GPU
        if number:
            yield clock() - began
