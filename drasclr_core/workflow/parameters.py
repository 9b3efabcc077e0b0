"""The parameters of a notebook: what its parameters cell declares, and the one check of values given for them.

A value may come from a preset, from ``-p`` of the runner or of papermill, or from the command line of Snakemake. From
wherever it comes, its type follows from the declared default, and an unknown name or a wrong value is an error.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from drasclr_core.values import kind_of, of_type

RANGE = re.compile(r"(?P<open>above )?(?P<low>-?[\d.]+)(?: or more| to (?P<high>-?[\d.]+))?")


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: ``epochs = 12  # how often every patch is shown [1 or more]``.

    Attributes
    ----------
    name : str
    default : Any
        A text, number, bool, list or dict; its type is the parameter's. Elements of an empty list are texts.
    meaning : str
        The comment.
    allowed : str
        What stands in brackets at the comment's end: ``1 or more``, ``0 to 1``, ``above 0`` or ``fast or authors``.
    """

    name: str
    default: Any
    meaning: str
    allowed: str = ""

    def convert(self, value: Any) -> Any:
        """Returns `value`, or what the text `value` says, as a value of this parameter.

        Raises
        ------
        ValueError
            It has another type, or is not among the allowed values.
        """
        try:
            found = of_type(self.default, value)
            if all(map(self._is_allowed, found if isinstance(found, list) else [found])):
                return found
        except ValueError:
            pass
        raise ValueError(f"{self.name} is {value!r}, and must be {self._must_be()}.")

    def _is_allowed(self, value: Any) -> bool:
        if not self.allowed:
            return True
        if not (limits := RANGE.fullmatch(self.allowed)):
            return str(value) in ["" if word == "empty" else word for word in re.split(r",? or |, ", self.allowed)]
        low, high = float(limits["low"]), float(limits["high"] or math.inf)
        return (low < value if limits["open"] else low <= value) and value <= high

    def _must_be(self) -> str:
        example = f"[{', '.join(map(str, self.default))}]" if isinstance(self.default, list) else self.default
        like = f", such as {example}" if example not in ("", "[]") else ""
        return kind_of(self.default) + (f", {self.allowed}" if self.allowed else like)


def declared(source: str) -> dict[str, Parameter]:
    """Returns the parameters that the `source` of a parameters cell declares, by name."""
    found, lines = {}, source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            (name,) = node.targets
            comment = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode().strip(" #")
            limits = re.search(r"\[([^\[\]]+)\]$", comment)
            found[name.id] = Parameter(name.id, ast.literal_eval(node.value), comment, limits[1] if limits else "")
    return found


def checked(parameters: dict[str, Parameter], given: dict, where: str, others: dict[str, list[str]]) -> dict:
    """Returns the `given` values of some `parameters`, each in its type.

    Parameters
    ----------
    parameters : dict
        From `declared`.
    given : dict
        Values by name; texts as well, as a preset and a command line have them.
    where : str
        Where they were given, for messages.
    others : dict
        Parameters of all notebooks, and which have them, for messages.

    Raises
    ------
    ValueError
        A name is unknown (the message has the nearest one), or a value is not allowed.
    """
    try:
        for name in given:
            if name not in parameters:
                raise ValueError(f"no parameter {name!r}{nearest(name, parameters, others)}")
        return {name: parameters[name].convert(value) for name, value in given.items()}
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def refuse_place(given: Iterable[str], where: str) -> None:
    """Raises ValueError, which names `where`, if a run or a cohort is among the names of `given` parameters.

    The page and its record would be filed under another than the one that the notebook works on.
    """
    for name in {"run", "cohort"} & set(given):
        raise ValueError(f"{where}: {name!r} is no parameter of a stage. Give --{name}.")


def nearest(name: str, known: Iterable[str], others: Mapping[str, list[str]] = MappingProxyType({})) -> str:
    """Returns the end of a message about an unknown `name`: the most similar known one.

    Parameters
    ----------
    name : str
    known : iterable of str
        Names that are possible here; all are listed where none is similar.
    others : mapping
        Names that are possible for other stages, and these stages; searched, too.
    """
    known = list(known)
    if name in others:
        return f", which belongs to {', '.join(others[name])}."
    for close in get_close_matches(name, [*known, *others], n=1):
        return f": did you mean {close!r}" + ("?" if close in known else f" of {', '.join(others[close])}?")
    return f", only {', '.join(known) or 'none'}."
