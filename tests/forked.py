"""Scripts in processes of their own, forked from a server that has the libraries loaded.

A process that a test starts with ``python script.py`` loads PyTorch and what comes with it first, for six to eight
seconds of a core. The server of `multiprocessing`, one for each worker of pytest, does so once.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["lightning.fabric", "torch._dynamo", "drasclr_core.methods.drasclr", "drasclr_core.pretrain", __name__]
)


def start(script: Path, *arguments: str, told: Path, meeting: Path | None = None, rank: int = 0, processes: int = 1
          ) -> BaseProcess:  # fmt: skip
    """Starts ``python script arguments``; what it says comes into the file `told`.

    With `processes` above 1 it is the process `rank` of as many, as torchrun would start it, except that they meet in
    the file `meeting`: a free port may be taken by the time they open it.
    """
    place = {"RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes,
             "TORCHELASTIC_RUN_ID": "forked"}  # fmt: skip
    environment = {name: str(value) for name, value in place.items()} if processes > 1 else {}
    process = CONTEXT.Process(target=_run, args=(script, arguments, told, meeting, environment))
    process.start()
    return process


def _run(script: Path, arguments: tuple, told: Path, meeting: Path | None, environment: dict[str, str]) -> None:
    with told.open("wb", buffering=0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environment)
    if meeting:
        import torch.distributed

        torch.distributed.init_process_group(
            "gloo",
            init_method=f"file://{meeting}",
            rank=int(environment["RANK"]),
            world_size=int(environment["WORLD_SIZE"]),
        )
    sys.argv = [str(script), *map(str, arguments)]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")
