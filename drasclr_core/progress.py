"""Progress that can be seen, and work spread over processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence

from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm


def track(items: Iterable, description: str, total: int | None = None, shown: bool = True) -> tqdm:
    """`items` with a progress bar and a time estimate.

    In a terminal the bar moves in place; in a notebook run by papermill a line is written every few seconds. With
    `shown` False nothing is seen: of several processes that do the same, one shows it.
    """
    in_terminal = sys.stderr.isatty()
    return tqdm(
        items,
        desc=description,
        total=total,
        mininterval=0.2 if in_terminal else 5.0,
        ascii=not in_terminal,
        ncols=90,
        dynamic_ncols=False,
        file=sys.stderr,
        disable=not shown,
    )


def for_each(function: Callable, items: Sequence, description: str, workers: int = 0) -> list:
    """``[function(item) for item in items]`` over processes, in order, with a progress bar.

    Every worker computes with one thread, so that `workers` processes use `workers` cores.

    Parameters
    ----------
    function : callable
        A module-level function (or `functools.partial` of one), which can be sent to another process.
    workers : int
        Number of processes; 0 means one per core, 1 means this process. Only cores that this process may use count: a
        scheduler's job or a container often gets a part of its machine.
    """
    workers = min(workers or cpu_count(), max(len(items), 1))
    if workers == 1:
        # On the small matrices of one subject, threads cost twice the time; with several jobs on a machine, much more.
        with threadpool_limits(1):
            return [function(item) for item in track(items, description)]
    pool = Parallel(n_jobs=workers, return_as="generator", batch_size=1, pre_dispatch="2*n_jobs")
    jobs = pool(delayed(_single_threaded)(function, item) for item in items)
    return list(track(jobs, description, total=len(items)))


def _single_threaded(function: Callable, item):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        os.environ[name] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return function(item)
