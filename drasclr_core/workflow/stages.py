"""The notebooks, and what each says of itself in its metadata: what comes before it, how it runs, where it is read.

A stage is a notebook, or a notebook and a suffix (``06_pretrain-moco``), which is the same notebook run once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

from drasclr_core.run import project_root
from drasclr_core.workflow.parameters import Parameter, declared, nearest

COHORTS, STAGES = "*/", "*"
"""Before and behind a notebook in ``after``: of all cohorts; all its stages, whatever their suffix."""


@dataclass(frozen=True)
class Notebook:
    """A notebook, its parameters, and its metadata under ``drasclr``.

    Attributes
    ----------
    path : Path
    parameters : dict[str, Parameter]
    part : str
        The part of the book in which its page stands, a line ``stages: <part>`` of ``book/_toc.yml``.
    order : float
        Where in that part; by default its number (2 of ``02_lungs``).
    after : tuple of str
        Notebooks whose stages come before, of the same cohort: the stage whose suffix is what this stage's parameter of
        that meaning says (see `named_by`), else the one without a suffix. ``06_pretrain*``: all stages of this
        notebook; ``*/12_covid_severity``: of all cohorts.
    sharded : bool
        Whether it treats subjects one by one, so that parameters ``shard`` and ``num_shards`` can divide it.
    named_by : str
        The parameter that the suffix of a stage sets; empty where there are no suffixes.
    for_each : str
        A notebook each of whose stages is followed by a stage of this one with the same suffix, also where the preset
        does not list it.
    gathered : str
        A notebook that shows all its stages with a suffix together; where that was run, they have no page of their own.
    large : bool
        Whether it takes a large run to say something: the book of a smaller one may borrow it (`borrowed_pages`).
    settings : tuple of str
        Parameters of its stage without suffix that can be given on the command line of Snakemake.
    cost : dict
        ``seconds`` on one core at the scale of ``presets/demo.yaml``, for each of the product of the parameters ``per``
        (``subjects`` is the size of the cohort). Used for the time estimate on screen.
    resources : dict
        What a scheduler is asked for at the paper's scale, in the words of Snakemake: ``mem_mb``, ``runtime`` (minutes)
        and ``gpu`` (number).
    """

    path: Path
    parameters: dict[str, Parameter]
    part: str = ""
    order: float = 0.0
    after: tuple[str, ...] = ()
    sharded: bool = False
    named_by: str = ""
    for_each: str = ""
    gathered: str = ""
    large: bool = False
    settings: tuple[str, ...] = ()
    cost: dict = field(default_factory=dict)
    resources: dict = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> Notebook:
        """Returns the notebook of a file.

        Raises
        ------
        ValueError
            It is no notebook, has not one cell tagged ``parameters``, or its metadata have an unknown key or name a
            parameter that it does not have.
        """
        path = Path(path)
        try:
            content = json.loads(path.read_text())
            cells = [cell for cell in content["cells"] if "parameters" in cell["metadata"].get("tags", [])]
            (source,) = ("".join(cell["source"]) for cell in cells)
            parameters = declared(source)
        except (ValueError, KeyError, SyntaxError) as error:
            raise ValueError(f"{path.name} is no notebook with one cell of parameters ({error}).") from None
        said = content["metadata"].get("drasclr", {})
        known = [one.name for one in fields(cls)][2:]
        for key in set(said) - set(known):
            raise ValueError(f"{path.name}: no key {key!r} of its metadata 'drasclr'{nearest(key, known)}")
        used = [*said.get("settings", ()), *filter(None, [said.get("named_by")])]
        for name in used + ["shard", "num_shards"] * said.get("sharded", False):
            if name not in parameters:
                raise ValueError(f"{path.name}: its metadata name a parameter {name!r}{nearest(name, parameters)}")
        said = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
        return cls(path, parameters, **{"order": float(path.stem[:2]) if path.stem[:2].isdigit() else 100.0, **said})


def read_notebooks(folder: str | Path | None = None, own: Iterable[str | Path] = ()) -> dict[str, Notebook]:
    """Returns the notebooks of a folder (by default the project's) by name, in the order of their names.

    Those in `own`, which may lie anywhere, take the place of ones of the same name.

    Raises
    ------
    ValueError
        A notebook is not as it should be (see `Notebook.read`), or comes after one that there is not.
    """
    paths = {path.stem: path for path in (Path(folder or project_root() / "notebooks")).glob("[0-9][0-9]_*.ipynb")}
    paths |= {Path(path).stem: Path(path) for path in own}
    notebooks = {name: Notebook.read(path) for name, path in sorted(paths.items())}
    for notebook in notebooks.values():
        for name in [*map(plain, notebook.after), *filter(None, (notebook.for_each, notebook.gathered))]:
            if name not in notebooks:
                raise ValueError(f"{notebook.path.name} names {name!r}, no notebook{nearest(name, notebooks)}")
    return notebooks


def owners(notebooks: dict[str, Notebook]) -> dict[str, list[str]]:
    """Returns every parameter of the notebooks, and which have it."""
    names = sorted({name for about in notebooks.values() for name in about.parameters})
    return {name: [stage for stage, about in notebooks.items() if name in about.parameters] for name in names}


def plain(entry: str) -> str:
    """Returns the notebook that an entry of `Notebook.after` names."""
    return entry.removeprefix(COHORTS).removesuffix(STAGES)


def notebook_of(stage: str) -> str:
    """Returns ``06_pretrain`` of ``06_pretrain-moco``."""
    return stage.partition("-")[0]


def suffix_of(stage: str) -> str:
    """Returns ``moco`` of ``06_pretrain-moco``; empty without a hyphen."""
    return stage.partition("-")[2]
