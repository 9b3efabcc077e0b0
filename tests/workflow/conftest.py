"""Toy notebooks: a parameters cell, one more cell, and what they say of themselves."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from drasclr_core.workflow.stages import Notebook, read_notebooks

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
BASE = 'run = "demo"  # name\ncohort = "copd"  # cohort\n'


def write_notebook(path: Path, parameters: str = "", code: str = "", **about) -> Path:
    """Writes a stage notebook whose metadata are `about`; one without a part stands among the stages."""
    cells = [
        new_markdown_cell("# A toy"),
        new_code_cell(BASE + parameters, metadata={"tags": ["parameters"]}),
        new_code_cell(code),
    ]
    about = {"part": "Stages", "after": [], **about}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "drasclr": about}), path)
    return path


@pytest.fixture(name="write_notebook")
def _write_notebook():
    return write_notebook


@pytest.fixture
def toy_notebooks(tmp_path) -> dict[str, Notebook]:
    """Eight stages, in ``notebooks``, that stand to each other as the real ones do."""
    folder, atlas = tmp_path / "notebooks", 'atlas = ""  # which\n'
    folder.mkdir()
    cohort = 'arm = "copd"  # disease [copd or covid]\nseed = 0  # seed\nmanifest = ""  # scans\n'
    write_notebook(folder / "01_cohort.ipynb", cohort, settings=["manifest"])
    write_notebook(folder / "03_atlas.ipynb", atlas, after=["01_cohort"], named_by="atlas")
    shards = "shard = 0  # part\nnum_shards = 1  # parts\n"
    write_notebook(folder / "05_patches.ipynb", atlas + shards, after=["03_atlas"], named_by="atlas", sharded=True)
    method = f'{atlas}method = "drasclr"  # which\nlr = 0.1  # rate [above 0]\n'
    write_notebook(folder / "06_pretrain.ipynb", method, after=["05_patches"], named_by="method")
    follows = {"after": ["06_pretrain"], "for_each": "06_pretrain"}
    write_notebook(folder / "07_features.ipynb", method, named_by="method", **follows)
    table = 'stem = "table2"  # file\nmethods = []  # rows\nfolds = 5  # [2 or more]\n'
    write_notebook(folder / "10_tables.ipynb", table, after=["07_features*"], named_by="stem", part="Results")
    write_notebook(folder / "12_covid.ipynb", after=["07_features*"], part="Results")
    write_notebook(folder / "40_all.ipynb", after=["10_tables*", "*/12_covid"], part="Results", order=1)
    return read_notebooks(folder)
