"""The downstream tasks, one file each; what lies here is all there is to know, and a new file is a new task."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from drasclr_core.cohort.images.datasets.pairs import require_folder
from drasclr_core.names import refuse_unknown
from drasclr_core.run import Run
from drasclr_core.transfer.split import LEAST
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


def open_tasks(
    run: Run, names: Sequence[str], folders: Mapping[str, str] | None = None
) -> tuple[list[TransferTask], dict[str, str]]:
    """Returns the tasks of these names whose data there are, and why the others are left out, by name.

    Parameters
    ----------
    run : Run
    names : sequence of str
    folders : mapping, optional
        Task -> folder of its real data set, in the layout in which it is given out, in place of the run's data.

    Raises
    ------
    ValueError
        There is no task of a name, or one that reads no real data set is given a folder.
    FileNotFoundError
        A folder that is given does not exist.
    """
    found, left_out, folders = [], {}, dict(folders or {})
    real = [name for name in task_names() if task_class(name).real]
    refuse_unknown(folders, real, "task with a real data set")
    for name in folders:
        require_folder(Path(folders[name]), task_class(name).real)
    for name in names:
        try:
            task = task_class(name).of(run, *([Path(folders[name])] if name in folders else []))
        except FileNotFoundError as reason:
            left_out[name] = str(reason)
            continue
        if len(task.sids) >= LEAST:
            found.append(task)
        else:
            first = f" {task.refused['message'].iloc[0]}" if len(task.refused) else ""
            left_out[name] = f"{len(task.sids)} subjects can be used, and a task takes {LEAST} or more.{first}"
    return found, left_out
