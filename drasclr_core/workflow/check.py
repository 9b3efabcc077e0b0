"""The check, inside a running notebook, of the parameters that papermill gave it."""

from __future__ import annotations

import ast
from typing import Any

import psutil

from drasclr_core.workflow.parameters import checked, declared
from drasclr_core.workflow.stages import owners, read_notebooks

INJECTED = "# Parameters\n"
"""How the cell begins that papermill puts below the parameters cell."""


def expect(holds: bool, otherwise: str) -> None:
    """Says on the page, where a result is not what was expected, what it is instead; `otherwise` is Markdown.

    An assertion is for what cannot be. How good a result is depends on the cohort, its size and chance: the page shows
    it, marked, and the rest of the run goes on.
    """
    if not holds:
        from IPython.display import Markdown, display  # half a second, which no process but a kernel need take

        display(Markdown(f"**Not as expected:** {otherwise}."))


def check_parameters(namespace: dict[str, Any]) -> None:
    """Checks what papermill gave to a notebook, whose first code cell but one calls ``check_parameters(globals())``.

    The history of executed cells (``In``) has the parameters cell and, below it, what papermill put in. In Jupyter,
    without papermill, there is nothing to check. Numbers become what the declared default is: papermill makes a number
    of everything that looks like one, also of a run called ``2024``.

    Raises
    ------
    ValueError
        As in `checked`.
    """
    history = namespace.get("In", [])
    place = next((place for place, cell in enumerate(history) if cell.startswith(INJECTED)), 0)
    if place:
        parameters = declared(history[place - 1])
        names = [node.targets[0].id for node in ast.parse(history[place]).body if isinstance(node, ast.Assign)]
        given = {name: namespace[name] for name in names}
        texts = [name for name in names if name in parameters and isinstance(parameters[name].default, str)]
        given |= {name: _as_typed(name, given[name]) for name in texts if not isinstance(given[name], str)}
        namespace |= checked(parameters, given, "parameters", owners(read_notebooks()))


def _as_typed(name: str, value: Any) -> Any:
    """The text of a value on the command line of papermill, which read ``2024_01`` as 202401; else the value."""
    words = psutil.Process().parent().cmdline()
    return next((text for flag, given, text in zip(words, words[1:], words[2:], strict=False)
                 if flag in ("-p", "--parameters") and given == name), value)  # fmt: skip
