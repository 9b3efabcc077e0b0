"""Finds every method: what ``methods/`` holds is all there is to know, and a new file is a new method."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drasclr_core.methods.row import Row
from drasclr_core.methods.rows import ROWS
from drasclr_core.names import refuse_unknown

if TYPE_CHECKING:  # torch is loaded once a row or a method is asked for: stages that draw none do without
    import pandas as pd

    from drasclr_core.model.patch_encoder import PatchEncoder
    from drasclr_core.pretrain.method import Method

PACKAGE = __name__.rpartition(".")[0]
WHOLE = "sees whole lungs at once"
"""How pages say of an encoder why it has no features of patches."""
_SPARE_COLORS = ("#B0413E", "#3D7A5A", "#6C5B9E", "#A88B2D", "#7D3C6B", "#2F6F8F")
# What is made of a method's encoder: its ending, how the page says it, how many rows below the method.
_DERIVED = {"_readout": (", linear readout", 1), "_finetuned": (", fine-tuned", 2), "+spirometry": (" + spirometry", 3),
            "+bode": (" + BODE", 4), "+location": (" + location", 5)}  # fmt: skip
_SEED = re.compile(r"_seed(\d+)$")


def method_files() -> list[str]:
    """Returns the names of the methods' files, without loading any."""
    found = (module.name for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__))
    return [name for name in found if name not in ("about", "registry", "row", "rows", "stage")]


@cache
def methods() -> dict[str, type[Method]]:
    """Returns every pretraining method by the name of its module, in the order of the tables."""
    from drasclr_core.pretrain.method import Method

    found = {}
    for name in method_files():
        module = importlib.import_module(f"{PACKAGE}.{name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Method) and kind.__module__ == module.__name__ and not inspect.isabstract(kind):
                if not isinstance(getattr(kind, "row", None), Row):
                    raise TypeError(f"methods/{name}.py: {kind.__name__} has no `row`, which says how it looks.")
                if name in found:
                    raise TypeError(f"methods/{name}.py: {kind.__name__} is its second method. Give it its own file.")
                found[name] = kind
    return dict(sorted(found.items(), key=lambda item: item[1].row.order))


def method_class(name: str) -> type[Method]:
    """Returns the method of this name; raises ValueError, naming the nearest, where there is none."""
    refuse_unknown([name], methods(), "pretraining method")
    return methods()[name]


@cache
def rows() -> dict[str, Row]:
    """Returns the row of everything that has one, by name, in the order of the tables."""
    known = ROWS | {name: kind.row for name, kind in methods().items()}
    return dict(sorted(known.items(), key=lambda item: item[1].order))


def row_of(name: str) -> Row:
    """Returns the row of a method, or of what is made of one (``moco_readout``).

    What is not known keeps its own name and gets a colour fixed by that name; it comes after the methods. A training
    with another seed (``drasclr_local_seed1``) looks like the first one.
    """
    if name in rows():
        return rows()[name]
    if seed := _SEED.search(name):
        first = row_of(without_seed(name))
        return Row(f"{first.name}, seed {seed[1]}", first.color, first.order)
    spare = _SPARE_COLORS[zlib.crc32(name.encode()) % len(_SPARE_COLORS)]
    for ending, (words, below) in _DERIVED.items():
        if name.endswith(ending):
            base = row_of(name.removesuffix(ending))
            shade = {"_readout": _paler(base.color), "_finetuned": base.color}.get(ending, spare)
            return Row(base.name + words, shade, base.order + below)
    return Row(name, spare, 499)


def _paler(color: str) -> str:
    """Halfway between a colour and white."""
    return "#" + "".join(f"{(int(color[place : place + 2], 16) + 255) // 2:02X}" for place in (1, 3, 5))


def without_seed(name: str) -> str:
    """Returns what was trained, of the name of a training that differs by its seed: all but ``_seed<number>``."""
    return _SEED.sub("", name)


def is_ablation(name: str) -> bool:
    """Returns whether a row has its place in the ablations (Tables 6 to 9) and not among the methods."""
    return without_seed(name) != name or row_of(name).group == "ablations"


def in_order(names) -> list[str]:
    """Returns names of methods sorted into the order of the tables."""
    return sorted(names, key=lambda name: (row_of(name).order, name))


def method_names() -> pd.DataFrame:
    """Returns what this project calls each row of the paper's tables: ``table, group, paper, method``.

    A baseline whose features are put below ``features/`` under its name here is found by every claim about it.
    """
    found = []
    for name, row in rows().items():
        for table, printed in row.paper.items():
            heading, _, printed = printed.rpartition(": ")
            found.append((table, heading, printed, name))
    import pandas as pd  # half a second, which the process round each stage does without

    return pd.DataFrame(found, columns=["table", "group", "paper", "method"])


def load_encoder(source: str | Path, patches: bool = False) -> PatchEncoder:
    """Returns the encoder, in eval mode, of any method, from a folder or the Hugging Face hub.

    Parameters and errors as in `PatchEncoder.from_pretrained`; the class follows from the saved ``model_type``. Who
    needs an encoder of `patches` gets no other: ValueError for one that sees whole lungs.
    """
    from drasclr_core.model.patch_encoder import PatchEncoder

    methods()  # the classes are known once the methods' modules are loaded
    encoder = PatchEncoder.from_pretrained(source)
    if patches and encoder.sees != "patches":
        raise ValueError(f"{Path(source).name} {WHOLE}, and this needs features of patches: take another method.")
    return encoder
