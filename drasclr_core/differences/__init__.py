"""Small models of what is wrong in the authors' code, each beside what this project does (page 60).

All of it is ours: the functions rebuild a behaviour that was observed, in a few lines and with made-up data. Where a
function shows our side, it runs the real code of the package. Everything follows from the seed that is passed, but
for measured seconds and for what other processes draw without a seed.
"""

from importlib import import_module
from types import ModuleType

__all__ = [
    "contrast",
    "cost",
    "experts",
    "figures",
    "landmark_figures",
    "landmarks",
    "loading",
    "norms",
    "processes",
    "seeding",
    "slices",
]


def __getattr__(name: str) -> ModuleType:
    """Imports a module when it is asked for: `processes` is read by processes that must not wait for PyTorch."""
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
