"""Kernels that start warm: a process that has the libraries loaded forks one for each stage of a run.

Loading PyTorch and what comes with it takes every stage some five seconds of a core, minutes in a run of sixty stages.
``python -m drasclr_core.workflow.warm COMMAND ...`` runs a command, and kernels that Jupyter starts below it are forked
from a process that loaded the libraries once. What stages compute is not loaded before the fork, so that each runs the
code that is on the disk. Only on Linux, where libraries stand a fork; elsewhere the command runs as it is.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

LIBRARIES = ("ipykernel.kernelapp", "lifelines", "matplotlib.pyplot", "nibabel", "pandas", "scipy.stats", "SimpleITK",
             "sklearn.cluster", "sklearn.linear_model", "sksurv.metrics", "statsmodels.api", "torch", "torch._dynamo",
             "zarr")  # fmt: skip
"""What most stages load. None of them starts threads, or looks for a GPU, when it is loaded."""
ADDRESS, PROVISIONER = "DRASCLR_WARM_KERNELS", "drasclr-warm"
TICK_S = 0.05


def main() -> None:
    command = sys.argv[1:]
    if not command:
        sys.exit("Say which command: python -m drasclr_core.workflow.warm COMMAND ...")
    if sys.platform == "linux":
        _fork_beside()
    os.execvp(command[0], command)


def _fork_beside() -> None:
    """Starts the process that forks kernels, as a child, which ends with this one: whatever this one becomes.

    Where there is no place for its socket (the folder of temporary files has a name of a hundred letters, or takes no
    file), it does not start, and kernels start as usual.
    """
    server, parent, folder = socket.socket(socket.AF_UNIX), os.getpid(), None
    try:
        folder = Path(tempfile.mkdtemp(prefix="drasclr-"))
        server.bind(str(folder / "kernels"))
        server.listen(64)
    except OSError:
        server.close()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        return
    if not os.fork():
        try:
            _serve(server, parent)
        finally:
            shutil.rmtree(folder)
            os._exit(0)
    server.close()
    os.environ |= {ADDRESS: str(folder / "kernels"), "JUPYTER_DEFAULT_PROVISIONER_NAME": PROVISIONER}


def _serve(server: socket.socket, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked for the kernels hears it too, and they end with that
    # Both are read when libraries are loaded.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    keepers: set[int] = set()
    while os.getppid() == parent:
        if select.select([server], [], [], TICK_S)[0]:
            for name in LIBRARIES:  # at the first kernel: a command that starts none need not wait
                importlib.import_module(name)
            gc.freeze()  # so no kernel looks through the libraries for garbage, or writes to the memory that all share
            keepers.add(_fork_keeper(server))
        keepers = {keeper for keeper in keepers if not os.waitpid(keeper, os.WNOHANG)[0]}


def _fork_keeper(server: socket.socket) -> int:
    """Forks the process that has a kernel as its child and tells who asked for it how it ends; returns its number."""
    asked, _ = server.accept()
    keeper = os.fork()
    if not keeper:
        code = 1
        try:
            server.close()
            code = _keep(asked)
        finally:
            os._exit(code)
    asked.close()
    return keeper


def _keep(asked: socket.socket) -> int:
    """Forks a kernel, and kills it when who asked for it is gone."""
    length, streams, _, _ = socket.recv_fds(asked, 4, 2)
    with asked.makefile("rb") as reader:
        wanted = json.loads(reader.read(int.from_bytes(length, "big")))
    kernel = os.fork()
    if not kernel:
        asked.close()
        _become_kernel(wanted, streams)
    asked.sendall(f"{kernel}\n".encode())
    while True:
        ended, status = os.waitpid(kernel, os.WNOHANG)
        if ended:
            with suppress(OSError):
                asked.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            return 0
        if select.select([asked], [], [], TICK_S)[0] and not asked.recv(1):
            with suppress(OSError):
                os.killpg(kernel, signal.SIGKILL)


def _become_kernel(wanted: dict, streams: list[int]) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream, place in zip(streams, (1, 2), strict=True):
        os.dup2(stream, place)
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])
    sys.argv = ["ipykernel_launcher", *wanted["arguments"], f"--IPKernelApp.parent_handle={os.getppid()}"]
    if wanted["env"].get("OMP_NUM_THREADS"):  # is read when the libraries are loaded
        import torch
        from threadpoolctl import threadpool_limits

        torch.set_num_threads(int(wanted["env"]["OMP_NUM_THREADS"]))
        threadpool_limits(int(wanted["env"]["OMP_NUM_THREADS"]))
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
    os._exit(0)


if __name__ == "__main__":
    main()
