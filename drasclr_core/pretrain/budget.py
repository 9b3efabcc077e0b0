"""As many steps as fit into so much time, so that methods whose steps cost differently are trained for equally long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
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
"""Of the trial that gives the pace of a training, about."""
LEAST = 3
"""Of each kind of step, in the trial."""


def within(minutes: float, store, atlas, out_dir: str | Path, method: type[Method],
           settings: TrainingSettings) -> TrainingSettings:  # fmt: skip
    """Returns the settings with the steps, and epochs, that take so many minutes of this machine, left alone.

    The pace is measured once, on steps of a training that is then thrown away (`pace`), and kept with the encoder as
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
        each = pace(method, store, atlas, settings)
        known = {"key": key, "minutes": minutes, "seconds_per_step": round(each, 6),
                 "most_steps": max(TRIAL_STEPS, round(60 * minutes / each))}  # fmt: skip
        write_json(path, known)
    sampler, epochs, steps = build_method(method, settings, atlas).sampler(len(store.sids), 1), 0, 0
    while steps < known["most_steps"]:
        steps, epochs = steps + sampler.steps(epochs), epochs + 1
    return replace(settings, epochs=epochs, most_steps=known["most_steps"])


def pace(method: type[Method], store, atlas, settings: TrainingSettings, steps: int = TRIAL_STEPS,
         clock: Callable[[], float] | None = None) -> float:  # fmt: skip
    """Returns the mean seconds of a step of an epoch, from a trial of some steps that are spread over it.

    Steps of another kind (whole subjects after patches, a second stage) cost otherwise and may all come late: each kind
    is tried as often as its share asks, and `LEAST` times at the least. The first step of a kind, in which memory is
    taken and kernels are chosen, does not count. Of each quarter of a kind's steps the median counts, which a busy
    machine disturbs least.

    Parameters
    ----------
    store, atlas, method, settings
        As `pretrain` takes them.
    steps : int
        Of the trial, about.
    clock : callable, optional
        Gives seconds; by default those of the processor where one thread of it computes, else those of the clock.
    """
    fabric = start_processes(settings)
    if clock is None:
        alone = fabric.device.type == "cpu" and torch.get_num_threads() == 1
        clock = time.process_time if alone else time.perf_counter
    model = build_method(method, settings, atlas)
    network, optimizer = fabric.setup(model, model.optimizer())
    batches = list(model.sampler(len(store.sids), 1).epoch(0))
    kinds = _by_kind(batches)
    taken: dict[tuple, list[float]] = {kind: [] for kind in kinds}
    for index, kind in sorted(_spread(kinds, steps).items()):
        batch = batches[index]
        began, model.done = clock(), index / len(batches)
        order = np.random.default_rng([settings.seed, 0, index, 0]).permutation(len(batch.subjects))
        shard = BatchShard.of(len(order), 0, 1, model.key_splits(), order)
        patches = model.read(store, batch, shard)
        generator = step_generator(settings.seed, 0, index, fabric.device)
        loss, metrics = network(batch, model.views(patches, generator, shard), shard)
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
        metrics.tolist()  # waits for a GPU
        taken[kind].append(clock() - began)
    return sum(len(kinds[kind]) * _typical(seconds[1:] or seconds) for kind, seconds in taken.items()) / len(batches)


def _by_kind(batches: Sequence[tuple]) -> dict[tuple, list[int]]:
    """Positions of the batches of each kind: that which a batch says of itself besides numbers and arrays."""
    found: dict[tuple, list[int]] = {}
    for index, batch in enumerate(batches):
        found.setdefault(tuple(part for part in batch if isinstance(part, (bool, tuple))), []).append(index)
    return found


def _spread(kinds: dict[tuple, list[int]], steps: int) -> dict[int, tuple]:
    """Position -> kind of the steps of a trial, evenly over those of each kind, one more than count."""
    whole, chosen = sum(map(len, kinds.values())), {}
    for kind, where in kinds.items():
        tried = min(len(where), 1 + max(LEAST, round(steps * len(where) / whole)))
        chosen |= dict.fromkeys(
            np.asarray(where)[np.linspace(0, len(where) - 1, tried).round().astype(int)].tolist(), kind
        )
    return chosen


def _typical(seconds: Sequence[float]) -> float:
    return float(np.mean([np.median(part) for part in np.array_split(seconds, min(4, len(seconds)))]))
