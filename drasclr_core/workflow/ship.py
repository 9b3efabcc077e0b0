"""What travels of a run, small enough to commit: ``python -m drasclr_core.workflow.ship --run shown --to DIR``.

Pages, tables and stamps; and of each cohort what describes a new scan or is validated elsewhere: the atlas, an encoder
and its detectors (at half precision, where that holds their numbers), labels, and image-level features of every method.
A `Run` of the folder works as that of the whole run does, as far as these pieces go.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from drasclr_core.detect.detector import Detector
from drasclr_core.detect.detector.detector import FOLDS_FILE, NEW_SUBJECTS_FOLD
from drasclr_core.detect.verdict import drawing_method, drawn_subtypes
from drasclr_core.detect.verdict.verdict import FILE as VERDICTS
from drasclr_core.evaluate.measured import is_simulated
from drasclr_core.evaluate.result_files import PAPER_DETECTOR
from drasclr_core.evaluate.table import DRAWS
from drasclr_core.files import atomic, read_json, write_parquet
from drasclr_core.methods import load_encoder
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.model.weights import CONFIG, fits_two_bytes
from drasclr_core.provenance import stage_record
from drasclr_core.run import Run, check_started
from drasclr_core.workflow.borrowed import COHORT_STAGE

TABLES = (".csv", ".json")
"""Looked through for folders of this machine; pages were made portable when they were executed."""
ABSOLUTE = re.compile(r"""(?:^|[\s",])/(?:[\w.@+-]+/)+[\w.@+-]""", re.MULTILINE)
TRUTH_NOTE = (
    "# True anatomy and disease\n\nThese subjects are simulated. Notebook 01 makes their images and their truth again "
    "from the seed; they do not travel.\n"
)


def ship(run: Run, to: str | Path, method: str = "drasclr", detector: str = "") -> list[Path]:
    """Copies what travels of a run into the folder `to`, whose pages, results and pieces it replaces.

    Parameters
    ----------
    run : Run
        Any cohort of it.
    to : path
    method, detector : str
        The encoder that travels, and the detectors; by default those of `drawing_method`. Detectors travel as far as
        they may draw.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    FileNotFoundError
        There is no such run.
    ValueError
        A cohort is not simulated, whose labels and features are not ours to pass on; `to` is a whole run, or the run's
        own folder, in it or round it; weights are not as they were written; or a table names a folder of this
        machine. Nothing has been written or removed then.
    """
    check_started(run)
    to = Path(to)
    names = [path.name for path in sorted(run.folder.glob("*/")) if (path / "cohort").is_dir()]
    cohorts = [Run(f"{run.folder}/", name) for name in names]
    real = [cohort.cohort_name for cohort in cohorts if not _is_ours(cohort)]
    if real:
        raise ValueError(f"cohort {real[0]}: not simulated, and this command does not pass on what is known of people. "
                         "Publish the tables of results/ yourself, after a look at each.")  # fmt: skip
    targets = [Run(f"{to}/", name) for name in names]
    whole = [target.cohort_name for target in targets if target.images.exists() or target.anatomy_folder.exists()]
    if whole:
        raise ValueError(f"{to.name}/{whole[0]} holds scans, so it is a whole run, which this would replace: give "
                         "another folder.")  # fmt: skip
    own, other = run.folder.resolve(), to.resolve()
    if own.is_relative_to(other) or other.is_relative_to(own):
        raise ValueError(f"{to.name}: the run's own folder, or one in it or round it, whose files this would replace: "
                         "give another folder.")  # fmt: skip
    pages = _pages_and_tables(run)
    for path in pages:
        if path.suffix in TABLES and ABSOLUTE.search(path.read_text()):
            raise ValueError(f"{path.relative_to(run.folder)} names a folder of this machine: run its stage again.")
    drawing = [detector or drawing_method(cohort) for cohort in cohorts]
    models = [_models(cohort, method, one) for cohort, one in zip(cohorts, drawing, strict=True)]
    for folder in (to / run.notebooks.name, to / run.results.name):
        shutil.rmtree(folder, ignore_errors=True)
    written = [_copied(path, to / path.relative_to(run.folder)) for path in pages]
    for cohort, target, found, one in zip(cohorts, targets, models, drawing, strict=True):
        written += _cohort(cohort, target, found, one)
    return written


def _is_ours(cohort: Run) -> bool:
    """Whether a cohort is simulated: it has a truth, and its stage 01, where that has a record, was given no scans."""
    given = read_json(stage_record(cohort, COHORT_STAGE)).get("parameters", {}).get("manifest")
    return is_simulated(cohort) and not given


def _pages_and_tables(run: Run) -> list[Path]:
    """Returns executed notebooks, tables and stamps, without bootstrap draws and pages that failed."""
    found = [*sorted(run.notebooks.glob("*/*.ipynb")), *sorted(run.results.rglob("*"))]
    left = (DRAWS, ".failed.ipynb")
    return [path for path in found if path.is_file() and not path.name.startswith(".") and not path.name.endswith(left)]


def _models(here: Run, method: str, detector: str) -> dict[Path, PatchEncoder | Detector]:
    """Returns the encoder and the detectors of one cohort, as far as there are, by their folders below the cohort's."""
    found = {}
    if (here.pretrain(method) / CONFIG).exists():
        found[here.pretrain(method)] = load_encoder(here.pretrain(method))
    for subtype in drawn_subtypes(here, detector)[0]:
        folder = here.detector(detector, subtype, NEW_SUBJECTS_FOLD)  # others are refused by `detector_of`
        found[folder] = Detector.from_pretrained(folder)
    return {folder.relative_to(here.cohort): model for folder, model in found.items()}


def _cohort(here: Run, there: Run, models: dict[Path, PatchEncoder | Detector], detector: str) -> Iterator[Path]:
    """Copies the pieces of one cohort."""
    shutil.rmtree(there.cohort, ignore_errors=True)
    for path in sorted(here.atlas.glob("[!.]*")):
        yield _copied(path, there.atlas / path.name)
    yield _copied(here.subjects, there.subjects)
    with atomic(there.truth / "README.md") as temporary:
        temporary.write_text(TRUTH_NOTE)
    yield there.truth / "README.md"
    for path in sorted(here.features("").glob("*/image.parquet")):
        out = there.features(path.parent.name) / path.name
        write_parquet(out, _rounded(pd.read_parquet(path)))
        yield out
    for name, model in models.items():
        encoder = model.encoder if isinstance(model, Detector) else model
        model.save_pretrained(there.cohort / name, half=fits_two_bytes(encoder))
        yield from [path for path in sorted((there.cohort / name).rglob("*")) if path.is_file()]
    if drawn_subtypes(here, detector)[0]:
        yield _copied(here.detectors(detector) / FOLDS_FILE, there.detectors(detector) / FOLDS_FILE)
    for method in {detector: None, PAPER_DETECTOR: None}:  # the paper's are told of also where others draw
        if (here.detectors(method) / VERDICTS).exists():
            yield _copied(here.detectors(method) / VERDICTS, there.detectors(method) / VERDICTS)


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with its features rounded to half precision, and as they are where that cannot hold them."""
    numbers = table.select_dtypes("floating").columns
    with np.errstate(over="ignore"):
        small = table[numbers].astype(np.float16).astype(np.float32)
    fits = np.isfinite(small).all() & (small.ne(0) | table[numbers].eq(0)).all()
    table = table.assign(**{name: small[name] for name in numbers if fits[name]})
    table.attrs = {}  # weights at half precision are others than those that these features say made them
    return table


def _copied(path: Path, to: Path) -> Path:
    with atomic(to) as temporary:
        shutil.copyfile(path, temporary)
    return to


def main() -> None:
    parser = argparse.ArgumentParser("python -m drasclr_core.workflow.ship", description=__doc__.partition("\n")[0])
    parser.add_argument("--run", required=True, help="name of a run, or the path of its folder")
    parser.add_argument("--to", required=True, help="folder for what travels, such as runs/shown of a clean clone")
    arguments = parser.parse_args()
    try:
        written = ship(Run(arguments.run), arguments.to)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    size = sum(path.stat().st_size for path in written) / 1e6
    print(f"{len(written)} files, {size:.0f} MB")


if __name__ == "__main__":
    main()
