"""Pretraining methods, one file each, and the registry of everything that has a row in a table.

A file ``<name>.py`` holds all that is particular to the method of that name: its row (name, colour, place in the
tables, the paper's name for it), its settings with the published defaults, how its network is built, its batches and
views, one training step, and the encoder that is kept. `registry` finds the files; nothing else lists them.
"""

import importlib

from drasclr_core.methods.registry import (
    in_order,
    load_encoder,
    method_class,
    method_files,
    method_names,
    methods,
    row_of,
    rows,
)
from drasclr_core.methods.row import Row

__all__ = ["PretrainingStage", "Row", "departures", "in_order", "load_encoder", "method_class", "method_files",
           "method_names", "methods", "pretext_pictures", "row_of", "rows"]  # fmt: skip

_NEED_TORCH = {"PretrainingStage": "stage", "departures": "about", "pretext_pictures": "about"}


def __getattr__(name: str) -> object:
    """Exports that need torch are loaded when they are asked for: figures that show no method do without."""
    if name in _NEED_TORCH:
        return getattr(importlib.import_module(f"{__name__}.{_NEED_TORCH[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
