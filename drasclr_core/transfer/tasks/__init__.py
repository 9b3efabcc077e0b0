"""The downstream tasks, one file each; what lies here is all there is to know, and a new file is a new task."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Sequence

from drasclr_core.names import refuse_unknown
from drasclr_core.run import Run
from drasclr_core.transfer.task import TransferTask

__all__ = ["open_tasks", "task_names"]


def task_names() -> list[str]:
    """Returns the names of all tasks, without loading any."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def task_class(name: str) -> type[TransferTask]:
    """Returns the task of this name; raises ValueError, naming the nearest, where there is none."""
    refuse_unknown([name], task_names(), "task")
    module = importlib.import_module(f"{__name__}.{name}")
    kinds = [
        kind for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, TransferTask) and kind.__module__ == module.__name__
    ]  # fmt: skip
    if len(kinds) != 1:
        raise TypeError(f"transfer/tasks/{name}.py has {len(kinds)} tasks: give each a file of its own.")
    return kinds[0]


def open_tasks(run: Run, names: Sequence[str]) -> tuple[list[TransferTask], dict[str, str]]:
    """Returns the tasks of these names whose data the run has, and why the others are left out, by name."""
    found, left_out = [], {}
    for name in names:
        try:
            found.append(task_class(name).of(run))
        except FileNotFoundError as reason:
            left_out[name] = str(reason)
    return found, left_out
