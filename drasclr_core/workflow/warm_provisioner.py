"""Jupyter's side of `drasclr_core.workflow.warm`: a provisioner whose kernels are forked instead of started."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from drasclr_core.workflow.warm import ADDRESS

_PIDS: set[int] = set()


def warm_kernels() -> frozenset[int]:
    """Returns the process numbers of the kernels that this process had forked; they are no children of it."""
    return frozenset(_PIDS)


class ForkedKernel:
    """A kernel that another process forked, with what Jupyter uses of `subprocess.Popen`.

    Parameters
    ----------
    address : str
        Of the socket where kernels are forked.
    arguments : list of str
        Of the kernel.
    cwd : str
        Its working directory.
    env : dict of str
        Its environment.

    Raises
    ------
    OSError
        Nobody listens at the address.
    """

    stdin = stdout = stderr = None

    def __init__(self, address: str, arguments: list[str], cwd: str, env: dict[str, str]):
        self.returncode: int | None = None
        self._keeper = socket.socket(socket.AF_UNIX)
        self._keeper.connect(address)
        sent = json.dumps({"arguments": arguments, "cwd": cwd, "env": env}).encode()
        socket.send_fds(self._keeper, [len(sent).to_bytes(4, "big")], [1, 2])
        self._keeper.sendall(sent)
        self._told = self._keeper.makefile("rb")
        first = self._told.readline()
        if not first:
            raise OSError("the process that forks kernels has ended")
        self.pid = int(first)
        _PIDS.add(self.pid)

    def poll(self) -> int | None:
        """Returns the exit code, or None while the kernel runs."""
        if self.returncode is None and select.select([self._keeper], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit code when the kernel has ended; TimeoutExpired where that takes longer."""
        if self.returncode is None:
            if not select.select([self._keeper], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("kernel", timeout)
            self.returncode = int(self._told.readline() or -signal.SIGKILL)  # nothing: its keeper was killed, and so it
            self._keeper.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class WarmProvisioner(LocalProvisioner):
    """Forks kernels of this Python where somebody does that, and starts them as usual where nobody does."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        address, ours = os.environ.get(ADDRESS), [sys.executable, "-m", "ipykernel_launcher"]
        if not address or cmd[:3] != ours:
            return await super().launch_kernel(cmd, **kwargs)
        try:
            self.process = ForkedKernel(address, cmd[3:], str(kwargs.get("cwd") or os.getcwd()), kwargs["env"])
        except OSError:
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info
