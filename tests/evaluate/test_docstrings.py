"""Every public function of the evaluations names in its docstring what goes in, and says what it refuses."""

import importlib
import inspect
import pkgutil
import re

import pytest

import drasclr_core.evaluate

MODULES = [module.name for module in pkgutil.walk_packages(drasclr_core.evaluate.__path__, "drasclr_core.evaluate.")]


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_are_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    lacking = []
    for function, value in inspect.getmembers(module, inspect.isfunction):
        if function.startswith("_") or value.__module__ != name:
            continue
        text = inspect.getdoc(value) or ""
        needed = [*inspect.signature(value).parameters, *(["Raises"] if "raise " in inspect.getsource(value) else [])]
        lacking += [f"{function}: {word}" for word in needed if not re.search(rf"\b{word}\b", text)]
    assert lacking == []
