"""Shows lines of the core on a page, taken from the source when the page is made, so that they are never stale."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable
from operator import attrgetter

PACKAGE = "drasclr_core"


class CoreCode:
    """Source of functions of the core, without docstrings, as a page shows it.

    Parameters
    ----------
    file : str
        Path in the project.
    code : str
    """

    def __init__(self, file: str, code: str):
        self.file, self.code = file, code

    def __repr__(self) -> str:
        return f"# {self.file}\n{self.code}"

    def _repr_markdown_(self) -> str:
        return f"```python\n{self!r}\n```"


def show_core(module: str, *names: str) -> CoreCode:
    """Returns the source of functions of one module of the core, for display.

    Parameters
    ----------
    module : str
        Without the package, such as ``model.locconv``.
    names : str
        Functions, classes, or methods as ``Class.method``, in the order in which they are shown.

    Raises
    ------
    ModuleNotFoundError, AttributeError
        There is no such module, or nothing of this name in it.
    """
    loaded = importlib.import_module(f"{PACKAGE}.{module}")
    code = "\n\n".join(source_of(attrgetter(name)(loaded)) for name in names)
    return CoreCode(f"{PACKAGE}/{module.replace('.', '/')}.py", code)


def source_of(code: Callable | type) -> str:
    """Returns the source of a function or class without its docstring, at the left margin."""
    source = textwrap.dedent(inspect.getsource(code))
    lines, node = source.splitlines(), ast.parse(source).body[0]
    first = node.body[0]
    if ast.get_docstring(node) is not None and len(node.body) > 1:
        lines[first.lineno - 1 : first.end_lineno] = []
    return "\n".join(line for line in lines if not line.strip().startswith("# fmt")).replace("  # fmt: skip", "")
