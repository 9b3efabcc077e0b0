"""What other processes do: draw without a seed, and die while they save. (Without PyTorch, so that they start fast.)"""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from drasclr_core.files import atomic


def drawn_elsewhere(seed: int) -> float:
    """Makes the mistake: this process is given a seed, and a number is drawn in a process that it starts."""
    before = np.random.get_state()
    np.random.seed(seed)
    with get_context("spawn").Pool(1) as pool:
        drawn = pool.apply(_draw)
    np.random.set_state(before)
    return drawn


def killed_while_saving(folder: Path, old: bytes, new: bytes) -> dict[str, bytes]:
    """Returns what is left of a file if the process that replaces it is killed (``kill -9``) halfway.

    Parameters
    ----------
    folder : path
    old, new : bytes
        What the file held, and what it was to hold.

    Returns
    -------
    dict
        The content of the file by the way of writing: ``over the file`` (the mistake) and ``renamed when complete``.
    """
    left = {}
    for way, write in {"over the file": _write_over, "renamed when complete": _write_atomic}.items():
        path = folder / f"{write.__name__}.pt"
        path.write_bytes(old)
        process = get_context("spawn").Process(target=write, args=(path, new))
        process.start()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"The saving process ended with {process.exitcode} before it was killed.")
        left[way] = path.read_bytes()
    return left


def _draw() -> float:
    return float(np.random.random())


def _write_over(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        _write_half(stream, content)


def _write_atomic(path: Path, content: bytes) -> None:
    with atomic(path) as temporary, temporary.open("wb") as stream:
        _write_half(stream, content)


def _write_half(stream, content: bytes) -> None:
    stream.write(content[: len(content) // 2])
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
