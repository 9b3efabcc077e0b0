"""Kernels that are forked from a process that has the libraries loaded."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from drasclr_core.workflow.warm import ADDRESS, PROVISIONER
from drasclr_core.workflow.warm_provisioner import ForkedKernel

WARM = [sys.executable, "-m", "drasclr_core.workflow.warm"]
# Runs a notebook as stages do, and then has one killed that its client left: all with one process that forks.
SCRIPT = """
import os, subprocess, sys, papermill
from drasclr_core.workflow.warm_provisioner import warm_kernels
os.environ["OMP_NUM_THREADS"] = "1"
folder = sys.argv[1]
papermill.execute_notebook(f"{folder}/in.ipynb", f"{folder}/out.ipynb", cwd=folder, kernel_name="python3",
                           progress_bar=False)
print("pids", *warm_kernels())
try:
    papermill.execute_notebook(f"{folder}/dies.ipynb", None, kernel_name="python3", progress_bar=False)
except Exception as error:
    print(type(error).__name__)
client = subprocess.Popen([sys.executable, "-c", '''
import os, sys, time
from drasclr_core.workflow.warm import ADDRESS
from drasclr_core.workflow.warm_provisioner import ForkedKernel
kernel = ForkedKernel(os.environ[ADDRESS], ["-f", sys.argv[1]], sys.argv[2], dict(os.environ))
print(kernel.pid, flush=True)
time.sleep(600)
''', f"{folder}/connection.json", folder], stdout=subprocess.PIPE, text=True)
print("left", client.stdout.readline().strip(), flush=True)
client.kill()
sys.exit(5)
"""
CELL = """
import os, sys
warm = 'torch' in sys.modules
import matplotlib.pyplot as plt
import torch
print(warm, 'drasclr_core.cohort' in sys.modules, torch.get_num_threads(), os.getcwd(), os.getpid())
plt.plot([1, 2]); plt.show()
"""


def notebook(path, source):
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata=about), path)


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_forked_kernel_is_like_any_other_and_ends_with_its_client(tmp_path):
    notebook(tmp_path / "in.ipynb", CELL)
    notebook(tmp_path / "dies.ipynb", "import os; os._exit(3)")
    done = subprocess.run([*WARM, sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 5, done.stderr
    text, picture = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[0].outputs
    *told, pid = text["text"].split()
    assert told == ["True", "False", "1", str(tmp_path)] and "image/png" in picture["data"]
    lines = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())
    assert lines["pids"] == pid and "DeadKernelError" in lines
    deadline = time.monotonic() + 60
    while psutil.pid_exists(int(lines["left"])) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(int(lines["left"]))


def test_a_command_without_kernels_ends_as_it_does_alone():
    assert subprocess.run([*WARM, sys.executable, "-c", "raise SystemExit(7)"]).returncode == 7
    killed = [sys.executable, "-c", f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})"]
    assert subprocess.run([*WARM, *killed]).returncode == -signal.SIGKILL


def test_where_there_is_no_place_for_the_socket_the_command_runs_as_it_is(tmp_path):
    place = tmp_path / ("x" * 100)  # longer than the name of a socket may be
    place.mkdir()
    code = f"import os; raise SystemExit(7 if {ADDRESS!r} not in os.environ else 1)"
    done = subprocess.run([*WARM, sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(place)})
    assert done.returncode == 7 and not list(place.iterdir())


def test_where_nobody_forks_kernels_start_as_usual(tmp_path, monkeypatch):
    import papermill

    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", PROVISIONER)
    monkeypatch.setenv(ADDRESS, str(tmp_path / "nobody"))
    notebook(tmp_path / "in.ipynb", "import sys; print('torch' in sys.modules)")
    done = papermill.execute_notebook(tmp_path / "in.ipynb", None, kernel_name="python3", progress_bar=False)
    assert done.cells[0].outputs[0]["text"] == "False\n"
    with pytest.raises(OSError):
        ForkedKernel(str(tmp_path / "nobody"), [], str(tmp_path), dict(os.environ))
