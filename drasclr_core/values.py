"""A value that was given as text or as plain data, as the type of the default that it replaces."""

from __future__ import annotations

import math
from typing import Any

import yaml

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", dict: "names with values"}
"""What a value must be, by the type of its default; see `kind_of`."""


def kind_of(default: Any) -> str:
    """Returns what a value must be that replaces `default`, for messages."""
    return "a list" if isinstance(default, list | tuple) else KINDS.get(type(default), "a value")


def of_type(default: Any, value: Any) -> Any:
    """Returns `value`, or what the text `value` says, as the type of `default`.

    Parameters
    ----------
    default : str, bool, int, float, list, tuple or dict
        Elements of an empty list are texts; a tuple has as many elements of one type.
    value : object
        A text is read as YAML unless a text is wanted.

    Raises
    ------
    ValueError
        It is not of this type. No number is rounded, and none is a truth value.
    """
    text = isinstance(value, str)
    try:
        match default:
            case str() if text or (isinstance(value, int | float) and not isinstance(value, bool)):
                return str(value)
            case tuple() if len(given := of_type(list(default), value if text else list(value))) == len(default):
                return tuple(given)
            case list() if isinstance(given := yaml.load(value, yaml.BaseLoader) if text else value, list):
                return [of_type(default[0] if default else "", one) for one in given]
            case dict() if isinstance(given := yaml.load(value, yaml.BaseLoader) if text else value, dict):
                return given
            case bool() if isinstance(given := yaml.safe_load(value) if text else value, bool):
                return given
            case int() | float() if not isinstance(default, bool) and not isinstance(value, bool):
                number = float(value)
                if isinstance(default, float) and math.isfinite(number):
                    return number
                if isinstance(default, int) and number.is_integer():
                    return value if isinstance(value, int) else int(number)
    except (TypeError, yaml.YAMLError):
        pass
    raise ValueError(f"{value!r} is not {kind_of(default)}")
