"""Every public function of the evaluations says what goes in, what comes out, and what it refuses (numpydoc)."""

import importlib
import inspect
import pkgutil

import pytest

import drasclr_core.evaluate

MODULES = [f"drasclr_core.evaluate.{module.name}" for module in pkgutil.iter_modules(drasclr_core.evaluate.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_are_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    lacking = []
    for function, value in vars(module).items():
        if function.startswith("_") or not inspect.isfunction(value) or value.__module__ != name:
            continue
        signature, text = inspect.signature(value), inspect.getdoc(value) or ""
        needed = {
            "Parameters": bool(signature.parameters),
            "Returns": signature.return_annotation != "None",
            "Raises": "raise " in inspect.getsource(value),
        }
        lacking += [
            f"{function}: {section}" for section, is_needed in needed.items() if is_needed and section not in text
        ]
    assert lacking == []
