"""The course's chapters: MyST sources become executed notebooks, all in one kernel, each once for the same content."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
from filelock import FileLock
from jupyter_client import KernelManager
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from drasclr_core.files import atomic
from drasclr_core.run import project_root
from drasclr_core.teach.core_code import source_of
from drasclr_core.teach.exercises import EXERCISES
from drasclr_core.workflow.portable import portable_text

SECONDS_PER_CELL = 120
SOLUTION = re.compile(r"^<!-- solution: (\S+) -->$", re.MULTILINE)
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def chapter_files(folder: Path) -> list[Path]:
    """Returns the chapters of a course, ``NN_name.md``, in their order."""
    return sorted(folder.glob("[0-9][0-9]_*.md"))


def read_chapter(path: Path) -> NotebookNode:
    """Returns a chapter as a notebook without outputs, with model solutions in their places.

    Raises
    ------
    ValueError
        It names a solution of which there is no exercise.
    """
    notebook = read_myst_markdown_notebook(path.read_text(encoding="utf-8"))
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{path.stem}-{number}".replace("_", "-")
        if cell.cell_type == "markdown":
            cell.source = SOLUTION.sub(lambda found: _solution(path, found[1]), cell.source)
    nbformat.validate(notebook)
    return notebook


def executed_chapters(files: Collection[Path], cache: Path) -> list[NotebookNode]:
    """Returns the chapters with their outputs; what was executed before with the same content comes from the cache.

    All others run in one kernel, emptied before each, so that libraries are loaded once. Their content is the chapter
    with its solutions and the code of the core, which it calls and shows (see `code_of`). Their metadata say what they
    took: ``course: {seconds, cpu_seconds, memory_mb}``, of which the memory is all that the kernel then held.

    Parameters
    ----------
    files : collection of Path
    cache : Path
        Folder of executed chapters. A second process that wants the same ones waits.

    Raises
    ------
    RuntimeError
        A cell failed; the message names chapter, cell and error.
    """
    cache.mkdir(parents=True, exist_ok=True)
    code = code_of(project_root(__file__) / "drasclr_core")
    kept = {path: cache / f"{path.stem}-{content_of(read_chapter(path), code)}.ipynb" for path in files}
    with FileLock(cache / ".lock"):
        missing = [path for path, page in kept.items() if not page.exists()]
        if missing:
            _execute(missing, kept)
    return [nbformat.read(page, as_version=4) for page in kept.values()]


def add_chapters(folder: Path, cache: Path) -> None:
    """Puts executed notebooks in the place of the chapters in the sources of a book (see `executed_chapters`)."""
    files = chapter_files(folder)
    for path, notebook in zip(files, executed_chapters(files, cache), strict=True):
        nbformat.write(notebook, path.with_suffix(".ipynb"))
        path.unlink()


def cache_folder(fallback: Path) -> Path:
    """Returns where executed chapters are kept: in the project, for all runs, or in `fallback` if it is read only."""
    root = project_root(__file__)
    return root / "_build" / "course" if os.access(root, os.W_OK) else fallback


def _execute(files: list[Path], pages: dict[Path, Path]) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    kernel = KernelManager(kernel_name="python3")
    quiet = ["--IPKernelApp.log_level=CRITICAL"]
    kernel.start_kernel(env=environment, cwd=str(project_root(__file__)), extra_arguments=quiet)
    try:
        process = psutil.Process(kernel.provisioner.pid)
        for path in files:
            notebook = _run(path, read_chapter(path), kernel, process)
            for older in pages[path].parent.glob(f"{path.stem}-*.ipynb"):
                older.unlink()
            with atomic(pages[path]) as temporary:
                nbformat.write(notebook, temporary)
    finally:
        kernel.shutdown_kernel(now=True)


def _run(path: Path, notebook: NotebookNode, kernel: KernelManager, process: psutil.Process) -> NotebookNode:
    """Executes one chapter in the kernel, after whatever another one left there is gone."""
    notebook.cells.insert(0, new_code_cell("%reset -f", id="reset"))
    begun, used, thread = time.monotonic(), sum(process.cpu_times()[:2]), ThreadPoolExecutor(1)
    try:
        # In a thread: in the main one the client would answer SIGTERM itself, and hang with somebody else's kernel.
        thread.submit(NotebookClient(notebook, km=kernel, timeout=SECONDS_PER_CELL).execute).result()
    except CellExecutionError as error:
        raise RuntimeError(f"{path.name}: a cell of this chapter fails.\n{error.ename}: {error.evalue}\n"
                           f"{error.traceback[-1500:]}") from error  # fmt: skip
    finally:
        thread.shutdown(wait=False)
    notebook.cells.pop(0)
    notebook.metadata["course"] = {
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(sum(process.cpu_times()[:2]) - used, 1),
        "memory_mb": round(process.memory_info().rss / 2**20),
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs in which a printed text that came in several parts is one again, without absolute paths."""
    whole = []
    for output in outputs:
        if whole and output.output_type == "stream" == whole[-1].output_type and output.name == whole[-1].name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    for output in whole:
        if output.output_type == "stream":
            output.text = portable_text(output.text)
    return whole


def _solution(path: Path, exercise: str) -> str:
    """A model solution as a piece of a page."""
    if exercise not in EXERCISES:
        raise ValueError(f"{path.name}: there is no exercise {exercise!r} whose solution could be shown")
    right = EXERCISES[exercise].right
    if callable(right):
        return f"```python\n{source_of(right)}\n```"
    return f"**{right if isinstance(right, str) else format(right, '.4g')}**"


def content_of(chapter: NotebookNode, code: str = "") -> str:
    """Returns a short name of what is in a chapter and of the `code` that it runs, by default `code_of` this core."""
    text = "\n".join(cell.source for cell in chapter.cells)
    code = code or code_of(project_root(__file__) / "drasclr_core")
    return hashlib.sha256(f"{code}\n{text}".encode()).hexdigest()[:12]


def code_of(core: Path) -> str:
    """Returns a digest of all modules of the core but those of `workflow`, which make the book and run in no chapter.

    All of them: what a chapter calls calls others, and reading two megabytes costs less than finding out which.
    """
    digest = hashlib.sha256()
    for file in sorted(core.rglob("*.py")):
        place = file.relative_to(core).as_posix()
        if not place.startswith("workflow/"):
            digest.update(f"{place} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
