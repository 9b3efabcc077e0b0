"""Run one stage notebook with papermill, measure it, and leave a tidy, portable executed notebook.

``python -m drasclr_core.workflow.execute notebooks/02_lungs.ipynb --preset presets/demo.yaml --run demo``
"""

from __future__ import annotations

import argparse
import datetime
import errno
import logging
import os
import sys
from pathlib import Path

import nbformat
import papermill
from filelock import FileLock
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from drasclr_core.files import atomic, read_json, write_json
from drasclr_core.provenance import (
    Meter,
    code_version,
    computed_before,
    hardware,
    input_fingerprints,
    stage_record,
    versions,
)
from drasclr_core.run import Run, check_started, project_root
from drasclr_core.workflow.estimate import progress
from drasclr_core.workflow.parameters import checked, refuse_place
from drasclr_core.workflow.portable import known_folders, portable_value
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.stages import Notebook, notebook_of, owners, read_notebooks
from drasclr_core.workflow.tidy import tidy_notebook
from drasclr_core.workflow.warm_provisioner import warm_kernels

NO_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
CLOSING = "tornado.general"
"""Who logs that a callback of a socket failed. Some may as a kernel goes down after a failed cell; nobody need know."""
NOT_WRITABLE = ". Free space or get the permission to write there, and run it again: what is finished is kept."


def execute_stage(notebook: str | Path, run: Run, parameters: dict, preset: str = "", stage: str = "") -> Path:
    """Executes `notebook` for `run`, and keeps ``notebooks/<cohort>/<stage>.ipynb`` and the stage's provenance record.

    The stage has the notebook's name, or that and a suffix (see `Preset`). A second process that wants the same stage
    waits. When a cell fails, or the kernel dies, the notebook as far as it came is kept beside the others as
    ``<stage>.failed.ipynb``. A shard of a stage (parameters ``shard`` and ``num_shards`` above 1) has its page and its
    record in folders called ``shards``, which are no part of a book.

    Raises
    ------
    ValueError
        A parameter is unknown or has a value that is not allowed.
    papermill.exceptions.PapermillExecutionError
        A cell failed.
    nbclient.exceptions.DeadKernelError
        The kernel was killed.
    """
    about = Notebook.read(notebook)
    parameters = checked(about.parameters, parameters, about.path.name, {})
    stage = stage or about.path.stem
    output, record_file = page_and_record(run, stage, parameters)
    parameters = {
        "run": run.name if run.folder == Run(run.name).folder else str(run.folder),
        "cohort": run.cohort_name,
        **parameters,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    failed, folders = failed_page(output), known_folders(parameters)
    with FileLock(output.with_name(f".{output.stem}.lock")):
        inputs = input_fingerprints(run)
        partial = output.with_name(f".{output.stem}.partial.ipynb")
        try:
            with Meter(warm_kernels) as meter:
                _execute(about.path, partial, parameters)
            executed = nbformat.read(partial, as_version=4)
        except (PapermillExecutionError, DeadKernelError):
            if partial.exists():  # a kernel may die before its first cell
                partial.replace(failed)
            raise
        finally:
            partial.unlink(missing_ok=True)
        record = {
            "run": run.name, "cohort": run.cohort_name, "stage": stage, "preset": preset,
            "parameters": {name: portable_value(value, folders) for name, value in parameters.items()},
            "seconds": meter.seconds, "peak_mb": meter.peak_mb, "day": datetime.date.today().isoformat(),
            "code": code_version(), "versions": versions(), "hardware": hardware(), "inputs": inputs,
        }  # fmt: skip
        if work := computed_before(read_json(record_file), record):
            record["computed"] = work
        write_json(record_file, record)
        with atomic(output) as temporary:
            nbformat.write(tidy_notebook(executed, record, about.parameters, folders), temporary)
        failed.unlink(missing_ok=True)
    return output


def _execute(notebook: Path, output: Path, parameters: dict, tries: int = 3) -> None:
    """Runs a notebook; once more where its kernel did not start, as when two kernels picked one port."""
    for left in reversed(range(tries)):
        try:
            papermill.execute_notebook(
                notebook, output, parameters, cwd=project_root(), kernel_name="python3", progress_bar=False,
                log_output=True, stdout_file=None,
                extra_arguments=[
                    # Errors are in the notebook, and the interrupt that ends every kernel is none.
                    "--IPKernelApp.log_level=CRITICAL",
                    f"--IPKernelApp.exec_lines=__import__('logging').getLogger('{CLOSING}').setLevel('CRITICAL')",
                ],
            )  # fmt: skip
            return
        except RuntimeError as error:
            if not left or "Kernel died before replying" not in str(error):
                raise


def page_and_record(run: Run, stage: str, parameters: dict) -> tuple[Path, Path]:
    """Where the executed page and the provenance record of a stage, or of a shard of it, are kept."""
    page, record = run.notebooks / run.cohort_name / f"{stage}.ipynb", stage_record(run, stage)
    if parameters.get("num_shards", 1) == 1:
        return page, record
    shard = f"{parameters.get('shard', 0)}-of-{parameters['num_shards']}"
    return tuple(path.parent / "shards" / f"{path.stem}-{shard}{path.suffix}" for path in (page, record))


def failed_page(page: Path) -> Path:
    """Where a page is kept whose execution failed."""
    return page.with_name(f"{page.stem}.failed.ipynb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--preset", type=Path, required=True, help="YAML file with the parameters of every stage")
    parser.add_argument("--run", required=True, help="name of the run (a folder under runs/), or a path")
    parser.add_argument("--cohort", help="by default the preset's first")
    parser.add_argument("--stage", help="the notebook's name, or that, a hyphen and a suffix")
    parser.add_argument("--threads", type=int, default=0, help="cores to use; 0 for all")
    parser.add_argument("--at-once", type=int, default=1, help="stages of the run that run at the same time")
    parser.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="overrides the preset"
    )
    arguments = parser.parse_args()
    stage = arguments.stage or arguments.notebook.stem

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("papermill").setLevel(logging.INFO)
    logging.getLogger("papermill").addFilter(_is_progress)
    logging.getLogger(CLOSING).setLevel(logging.CRITICAL)
    # Threads that wait without spinning cost a tenth of the speed, and give twice of it on a machine that is shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if arguments.threads:
        # PyTorch and NumPy read the first; joblib, which counts cores for our own processes, reads the second.
        os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "LOKY_MAX_CPU_COUNT": str(arguments.threads)}
    try:
        notebooks = read_notebooks(own=[arguments.notebook])
        preset = Preset.load(arguments.preset, notebooks, stage)
        cohort = arguments.cohort or next(iter(preset.cohorts))
        given = checked(notebooks[notebook_of(stage)].parameters, dict(arguments.p), "-p", owners(notebooks))
        refuse_place(given, "-p")
        parameters = preset.parameters(cohort, stage) | given
        run = Run(arguments.run, cohort)
        if notebooks[notebook_of(stage)].after:
            check_started(run)
        page = page_and_record(run, stage, parameters)[0]
        about = progress(preset, run, stage, arguments.at_once) if page.stem == stage else "a part of the stage"
        print(f"\n=== {cohort} · {page.stem}: {about}", file=sys.stderr)
        execute_stage(arguments.notebook, run, parameters, preset.name, stage)
    except PapermillExecutionError as error:
        sys.exit(f"{page.stem} failed: {error.ename}: {error.evalue}{_as_far_as_it_came(run, page)}")
    except DeadKernelError:
        sys.exit(f"{page.stem}: its kernel was killed, mostly for want of memory; take fewer workers and run it again"
                 f"{_as_far_as_it_came(run, page)}")  # fmt: skip
    except (ValueError, OSError) as error:
        remedy = NOT_WRITABLE if getattr(error, "errno", None) in NO_WRITING else ""
        sys.exit(f"{stage}: {error}{remedy}")


def _as_far_as_it_came(run: Run, page: Path) -> str:
    """A line that says where the notebook of a stage that failed is; empty where there is none."""
    kept = failed_page(page)
    return f"\nThe notebook as far as it came: {kept.relative_to(run.folder.parent)}" if kept.exists() else ""


def _is_progress(record: logging.LogRecord) -> bool:
    """Lets progress bars through, and keeps papermill's talk about cells off the screen."""
    text = record.getMessage().strip()
    record.msg, record.args = text.split("\r")[-1], ()
    return "%|" in text


if __name__ == "__main__":
    main()
